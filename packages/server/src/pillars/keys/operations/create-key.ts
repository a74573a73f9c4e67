import { Type } from "typebox";
import { operation, RateLimits } from "portico/kernel";
import { checkAddresses, makeKey, storeKey } from "../create.ts";
import { checkGrant, listIn, ownRow } from "../grant.ts";
import { inheritedLimits, Quota } from "../limits.ts";
import { mayAll } from "../owner.ts";
import { settingsOf } from "../settings.ts";
import type { KeyRow } from "../tables.ts";
import { Addresses, CreatedKeyView, Permission, Pins, toView } from "../view.ts";

/** `POST /keys` */
export const createKey = operation({
  id: "keys.create",
  method: "POST",
  path: "/keys",
  summary: "Create an API key",
  description:
    "The answer is the only place where the key itself is shown; its hash is kept. Permissions, environment, " +
    "limits, addresses and life lie within those of the caller.",
  access: "keys:write",
  mode: "write",
  idempotent: true,
  onceOnly: ["key"],
  body: Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 200 }),
      permissions: Type.Array(Permission, { maxItems: 200, uniqueItems: true, default: [] }),
      environment: Type.Optional(
        Type.String({
          maxLength: 16,
          description: "`live`, `test`; the caller's own when left out.",
        }),
      ),
      rateLimit: Type.Optional(
        Type.Union([RateLimits, Type.Null()], {
          description: "Requests per minute, or another limit; the caller's own when left out.",
        }),
      ),
      quotas: Type.Optional(
        Type.Array(Quota, {
          maxItems: 4,
          description: "Fixed windows of UTC beside it; the caller's own when left out.",
        }),
      ),
      ipAllow: Type.Optional(
        Type.Union([Addresses, Type.Null()], {
          description: "Networks that it may be used from; the caller's own when left out.",
        }),
      ),
      pins: Type.Optional(Pins),
      userId: Type.Optional(
        Type.Union([Type.String({ minLength: 1, maxLength: 256 }), Type.Null()], {
          description: "The user it acts for: any id of the host application.",
        }),
      ),
      expiresAt: Type.Optional(Type.Union([Type.String({ format: "date-time" }), Type.Null()])),
      metadata: Type.Optional(
        Type.Record(Type.String(), Type.Unknown(), {
          description: "Kept and shown; at most 8 KiB.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: { 201: CreatedKeyView },
  errors: [
    "keys.exceedsCreator",
    "keys.unknownEnvironment",
    "keys.expiryPast",
    "keys.badAddress",
    "keys.badLimit",
    "keys.metadataTooLarge",
  ],
  example: {
    body: {
      name: "Acme, production",
      permissions: ["events:write"],
      environment: "live",
      rateLimit: 600,
      expiresAt: "2099-01-01T00:00:00Z",
      metadata: { contract: "A-17" },
    },
  },
  async prepare({ body, caller, read, ctx }) {
    const row = await ownRow(caller, read);
    const inherited = inheritedLimits(caller, row);
    const { name, metadata = {}, pins = caller.pins ?? {} } = body;
    const grant = {
      permissions: body.permissions,
      environment: body.environment ?? caller.environment ?? usualEnvironment(ctx),
      limits: {
        rateLimit: body.rateLimit === undefined ? inherited.rateLimit : body.rateLimit,
        quotas: body.quotas ?? inherited.quotas,
      },
      ipAllow: body.ipAllow === undefined ? (listIn(row?.ip_allow) ?? null) : body.ipAllow,
      expiresAt: expiryOf(body.expiresAt, row),
      userId: body.userId === undefined ? (caller.userId ?? null) : body.userId,
    };
    // Before the grant is judged: a network that is none lies in no other, and that is not what is wrong with it.
    checkAddresses(grant.ipAllow);
    checkGrant(grant, { caller, row, mayAll: mayAll(caller, ctx) });
    const createdBy = caller.subject;
    return makeKey({ ...grant, ...grant.limits, name, pins, metadata, createdBy }, ctx);
  },
  async handle({ prepared, caller, tx, ctx }) {
    const row = await storeKey(prepared, caller.organization, tx);
    return { ...toView(row, ctx.clock.now()), key: prepared.text };
  },
});

function usualEnvironment(ctx: Parameters<typeof settingsOf>[0]): string {
  return settingsOf(ctx).environments[0] ?? "live";
}

function expiryOf(text: string | null | undefined, own: KeyRow | undefined): number | null {
  if (text === undefined) return own?.expires_at ?? null;
  return text === null ? null : Date.parse(text);
}
