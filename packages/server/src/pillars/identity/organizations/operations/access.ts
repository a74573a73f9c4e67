import { Authenticators, operation, raiseAccess } from "portico/kernel";
import type { Caller, Operation, PluginContext, Read } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { raise } from "../errors.ts";
import { decidersOf } from "../explain.ts";
import { sumOf } from "../holding.ts";
import { readStanding } from "../standing.ts";
import type { Standing } from "../standing.ts";
import { UserId } from "../view.ts";

const Question = Type.Object(
  {
    userId: Type.Optional(UserId),
    key: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: "Id of a key or service account." }),
    ),
    permission: Type.String({ minLength: 1, maxLength: 128 }),
    resource: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
);
type Question = Static<typeof Question>;

const NullableText = Type.Union([Type.String(), Type.Null()]);
const Decider = Type.Object({
  kind: Type.String({
    description:
      "`denial`, `grant`, `role`; `credential`: what a key itself may do; `barred`: banned or switched off; `stranger`: no member.",
  }),
  id: Type.Union([Type.String(), Type.Null()], {
    description: "Of the grant, or the role's name.",
  }),
  team: Type.Union([Type.String(), Type.Null()], { description: "By which it is held." }),
  permission: NullableText,
  resource: NullableText,
});

const ABOUT =
  "Of the caller itself, or with `access:read` of a member (`userId`) or a key (`key`, its id) of the organization. By what " +
  "is stored now, not what is remembered.";

/** `POST /access/check` */
export const checkAccess: Operation = operation({
  id: "access.check",
  method: "POST",
  path: "/access/check",
  summary: "Ask whether somebody may do something",
  description: ABOUT,
  access: "caller",
  mode: "read",
  audit: "none",
  body: Question,
  replies: { 200: Type.Object({ allowed: Type.Boolean() }) },
  errors: ["identity.memberNotFound"],
  example: { body: { permission: "events:read", resource: "room:42" } },
  async handle({ body, caller, read, ctx }) {
    const { allowed } = await answer(body, { caller, read, ctx });
    return { allowed };
  },
});

/** `POST /access/explain` */
export const explainAccess: Operation = operation({
  id: "access.explain",
  method: "POST",
  path: "/access/explain",
  summary: "Ask why somebody may do something, or may not",
  description: `${ABOUT} \`because\` is everything that speaks for or against it, what decides first.`,
  access: "caller",
  mode: "read",
  audit: "none",
  body: Question,
  replies: {
    200: Type.Object({
      allowed: Type.Boolean(),
      reason: Type.String(),
      subject: Type.String(),
      roles: Type.Array(Type.String()),
      because: Type.Array(Decider),
    }),
  },
  errors: ["identity.memberNotFound"],
  example: { body: { permission: "events:read", resource: "room:42" } },
  async handle({ body, caller, read, ctx }) {
    const { subject, standing, allowed, reason } = await answer(body, { caller, read, ctx });
    const because =
      standing === undefined
        ? [{ kind: "credential", id: null, team: null, permission: null, resource: null }]
        : decidersOf(standing, body, ctx.clock.now());
    return {
      allowed,
      reason: allowed ? "It is held, and nothing denies it." : reason,
      subject: subject.subject,
      roles: [...new Set((standing?.roles ?? []).map(({ name }) => name))],
      because,
    };
  },
});

interface Asked {
  readonly caller: Caller;
  readonly read: Read;
  readonly ctx: PluginContext;
}

interface Meant {
  readonly subject: Caller;
  /** Undefined of who holds by its credential alone. */
  readonly standing: Standing | undefined;
}

async function answer(
  question: Question,
  asked: Asked,
): Promise<Meant & { readonly allowed: boolean; readonly reason: string }> {
  const meant = await meantBy(question, asked);
  const { permission, resource } = question;
  return { ...meant, ...asked.ctx.access.can(meant.subject, permission, resource) };
}

async function meantBy({ userId, key }: Question, asked: Asked): Promise<Meant> {
  const { caller, ctx } = asked;
  if (userId === undefined && key === undefined) return await itself(asked);
  if (!ctx.access.can(caller, "access:read").allowed) {
    throw raiseAccess("access.forbidden", { params: { permission: "access:read" } });
  }
  return userId === undefined ? await byKey(key ?? "", asked) : await byPerson(userId, asked);
}

/** By what its credential made of the caller; what that rests on is looked up for the explanation. */
async function itself({ caller, read }: Asked): Promise<Meant> {
  const { userId } = caller;
  if (userId === undefined || caller.kind === "key")
    return { subject: caller, standing: undefined };
  const standing = await readStanding(read, userId);
  return { subject: caller, standing: standing.state === "none" ? undefined : standing };
}

async function byPerson(userId: string, { caller, read, ctx }: Asked): Promise<Meant> {
  const standing = await readStanding(read, userId);
  const { organization } = caller;
  const holding = sumOf(standing, ctx.clock.now())?.holding;
  return {
    standing,
    subject: {
      kind: "user",
      organization,
      subject: userId,
      userId,
      permissions: holding?.permissions ?? [],
      instancePermissions: [],
      grants: holding?.grants ?? [],
    },
  };
}

async function byKey(id: string, asked: Asked): Promise<Meant> {
  const { caller, ctx } = asked;
  for (const { value } of ctx.contributions(Authenticators)) {
    const found = await value.lookUp?.(id);
    if (found === undefined || found.caller.organization !== caller.organization) continue;
    if (found.caller.kind === "client") return await byPerson(id, asked);
    const powerless = { permissions: [], instancePermissions: [] };
    const subject = found.refusal === null ? found.caller : { ...found.caller, ...powerless };
    return { subject, standing: undefined };
  }
  throw raise("identity.memberNotFound", { params: { id } });
}
