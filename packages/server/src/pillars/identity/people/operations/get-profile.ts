import { operation } from "portico/kernel";
import { Identity } from "../../capability.ts";
import { personOf } from "../caller.ts";
import { raise } from "../errors.ts";
import { toUserView, UserView } from "../view.ts";

/** `GET /users/profile` */
export const getProfile = operation({
  id: "users.getProfile",
  method: "GET",
  path: "/users/profile",
  summary: "Read one's own account",
  access: "caller",
  mode: "read",
  replies: { 200: UserView },
  errors: ["identity.notPerson", "identity.personNotFound", "identity.notStarted"],
  example: { after: ["auth.register"], bearer: "{auth.register.accessToken}" },
  async handle({ caller, ctx }) {
    const id = personOf(caller);
    const person = await ctx.get(Identity).people.find(id);
    if (person === undefined || person.state === "deleted") {
      throw raise("identity.personNotFound", { params: { id } });
    }
    return toUserView(person);
  },
});
