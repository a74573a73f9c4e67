import { operation, toRfc3339 } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Keys } from "../capability.ts";
import type { KeyVerdict } from "../capability.ts";
import { consume } from "../consume.ts";
import { covers } from "../grant.ts";
import { Permission } from "../view.ts";

const Code = Type.Enum([
  "valid",
  "notFound",
  "revoked",
  "disabled",
  "expired",
  "forbidden",
  "insufficientPermissions",
  "rateLimited",
  "usageExceeded",
]);
const Nullable = Type.Union([Type.String(), Type.Null()]);
const Limit = Type.Object({
  policy: Type.String(),
  limit: Type.Integer(),
  remaining: Type.Integer(),
  resetAt: Type.String({ format: "date-time" }),
});

/** `POST /keys/verify`: for applications that check keys themselves. */
export const verifyKey: Operation = operation({
  id: "keys.verify",
  method: "POST",
  path: "/keys/verify",
  summary: "Verify an API key",
  description:
    "Always 200: `valid` says whether the key opens anything, `code` why not. Takes `cost` from the key's own limits, the " +
    "same that its calls through the gateway take from; whatever refuses the key takes nothing. Keys of other organizations " +
    "are not found.",
  access: "keys:read",
  mode: "read",
  audit: "none",
  body: Type.Object(
    {
      key: Type.String({ maxLength: 512 }),
      permission: Type.Optional(Permission),
      permissions: Type.Optional(
        Type.Array(Permission, { maxItems: 50, description: "All of which it must hold." }),
      ),
      ip: Type.Optional(
        Type.String({ maxLength: 64, description: "Where it came from; looked at when given." }),
      ),
      cost: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 1_000_000, default: 1, description: "0 only looks." }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      valid: Type.Boolean(),
      code: Code,
      id: Nullable,
      name: Nullable,
      permissions: Type.Array(Type.String()),
      environment: Nullable,
      userId: Nullable,
      remaining: Type.Union([Type.Integer(), Type.Null()], {
        description: "Of the tightest limit; null without one.",
      }),
      cost: Type.Integer({ description: "What was taken." }),
      limits: Type.Array(Limit),
    }),
  },
  example: {
    body: { key: "{keys.create.key}", permission: "events:write" },
    after: ["keys.create"],
  },
  async handle({ body, caller, ctx }) {
    const verdict = await ctx.get(Keys).verify(body.key, body.ip);
    if (!verdict.valid) {
      return verdict.organization === caller.organization
        ? { ...NOTHING, code: verdict.code }
        : NOTHING;
    }
    if (verdict.caller.organization !== caller.organization) return NOTHING;
    const known = { ...NOTHING, ...factsOf(verdict) };
    const { permission, permissions = [] } = body;
    const wanted = permission === undefined ? permissions : [permission, ...permissions];
    const held = verdict.caller.permissions;
    if (!wanted.every((each) => held.some((one) => covers(one, each)))) {
      return { ...known, code: "insufficientPermissions" };
    }
    const { cost = 1, ip = "" } = body;
    const taken = await consume(ctx, { caller: verdict.caller, address: ip, cost });
    const nowMs = Math.floor(ctx.clock.now());
    const limits = taken.states.map(({ policy, limit, remaining, resetMs }) => ({
      policy,
      limit,
      remaining,
      resetAt: toRfc3339(nowMs + resetMs),
    }));
    const { code, remaining } = taken;
    return {
      ...known,
      valid: code === "valid",
      code,
      remaining,
      cost: code === "valid" ? cost : 0,
      limits,
    };
  },
});

function factsOf({ id, name, userId, caller }: KeyVerdict & { readonly valid: true }): object {
  const { permissions, environment = null } = caller;
  return { id, name, userId, permissions, environment };
}

const NOTHING = {
  valid: false,
  code: "notFound",
  id: null,
  name: null,
  permissions: [],
  environment: null,
  userId: null,
  remaining: null,
  cost: 0,
  limits: [],
};
