import { operation } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { raise } from "../errors.ts";
import { PublicUserView, toPublicView } from "../view.ts";

/** `GET /users/{id}` */
export const getUser = operation({
  id: "users.get",
  method: "GET",
  path: "/users/{id}",
  summary: "Read a member of the caller's organization",
  description: "The public part of an account. Who is no member of it does not exist here.",
  access: "caller",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: PublicUserView },
  errors: ["identity.personNotFound", "identity.notStarted"],
  example: { path: { id: "{auth.register.user.id}" }, after: ["auth.register"] },
  async handle({ path: { id }, caller, ctx }) {
    const { people, organizations } = ctx.get(Identity);
    const holding = await organizations.holdingOf(id, caller.organization);
    const person = holding === undefined ? undefined : await people.find(id);
    if (person === undefined || person.state === "deleted") {
      throw raise("identity.personNotFound", { params: { id } });
    }
    return toPublicView(person);
  },
});
