import { Type } from "typebox";
import { operation } from "portico/kernel";
import type { Caller } from "portico/kernel";
import { Identity } from "../../capability.ts";
import type { Holding } from "../../organizations/face.ts";
import { raise as raiseOfPeople } from "../../people/errors.ts";
import type { Person } from "../../people/face.ts";
import { raise } from "../errors.ts";
import { originOf, placeOf } from "../sign-in.ts";
import { toTokens, TokensView } from "../view.ts";

interface Target {
  readonly person: Person;
  readonly organization: string;
  readonly holding: Holding;
}

/** `POST /admin/users/{id}/impersonate` */
export const impersonate = operation({
  id: "users.impersonate",
  method: "POST",
  path: "/admin/users/{id}/impersonate",
  summary: "Act as a person for an hour",
  description:
    "The token says who really acts (`act`), as does every entry of the audit. It has the person's rights in one organization " +
    "and none over the installation, cannot be renewed, and ends with the administrator's own session.",
  access: "users:impersonate",
  mode: "write",
  audit: "none",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    {
      reason: Type.String({ minLength: 1, maxLength: 500, description: "Kept in the audit." }),
      organization: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    },
    { additionalProperties: false },
  ),
  replies: { 200: TokensView },
  errors: [
    "identity.notSession",
    "identity.personNotFound",
    "identity.impersonationRefused",
    "identity.notMember",
  ],
  example: {
    path: { id: "{auth.register.user.id}" },
    body: { reason: "Ticket 4711: cannot see the invoices" },
    after: ["auth.register"],
  },
  async prepare({ path, body, caller, ctx }): Promise<Target> {
    refuseCaller(caller);
    const person = await ctx.get(Identity).people.find(path.id);
    if (person?.state !== "active") {
      throw raiseOfPeople("identity.personNotFound", { params: { id: path.id } });
    }
    refuseTarget(person, caller);
    return { person, ...(await placeOf(person.id, body.organization ?? null, ctx)) };
  },
  async handle({ prepared, body, caller, client, tx, ctx }) {
    const { person, organization } = prepared;
    const { credential } = caller;
    const opened = await ctx.get(Identity).sessions.open(
      {
        userId: person.id,
        organization,
        from: originOf(client),
        methods: [],
        impersonator: caller.subject,
        ...(credential === undefined ? {} : { impersonatorSession: credential }),
      },
      tx,
    );
    const after = { session: opened.id, organization, reason: body.reason };
    tx.audit({ action: "users.impersonate", target: person.id, after });
    const { id: sessionId, accessToken, refreshToken, expiresIn } = opened;
    return toTokens({ sessionId, accessToken, refreshToken, expiresIn, ...prepared });
  },
});

/** Only a person acts as another, and not as a third while acting as a second. */
function refuseCaller({ kind, impersonator }: Caller): void {
  if (kind !== "user") throw raise("identity.notSession");
  if (impersonator === undefined) return;
  throw raise("identity.impersonationRefused", {
    params: { reason: "you act as somebody else already" },
  });
}

function refuseTarget({ id, instancePermissions }: Person, { subject }: Caller): void {
  const reason =
    id === subject
      ? "it is yourself"
      : instancePermissions.length > 0
        ? "the person administers the installation"
        : undefined;
  if (reason !== undefined) throw raise("identity.impersonationRefused", { params: { reason } });
}
