import { Type } from "typebox";
import { operation } from "portico/kernel";
import { makeKey, storeKey } from "../create.ts";
import { checkGrant, rateLimitOf } from "../grant.ts";
import { settingsOf } from "../settings.ts";
import { CreatedKeyView, Permission, toView } from "../view.ts";

/** `POST /keys` */
export const createKey = operation({
  id: "keys.create",
  method: "POST",
  path: "/keys",
  summary: "Create an API key",
  description:
    "The answer is the only place where the key itself is shown; its hash is kept. Permissions, environment and rate " +
    "limit lie within those of the caller.",
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
        Type.Union([Type.Integer({ minimum: 1, maximum: 10_000_000 }), Type.Null()], {
          description: "Requests per minute; the caller's own when left out.",
        }),
      ),
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
  async prepare({ body, caller, ctx }) {
    const grant = {
      permissions: body.permissions,
      environment: body.environment ?? caller.environment ?? usualEnvironment(ctx),
      rateLimit: body.rateLimit === undefined ? rateLimitOf(caller) : body.rateLimit,
    };
    checkGrant(grant, caller);
    const { name, userId = null, expiresAt = null, metadata = {} } = body;
    const expiry = expiresAt === null ? null : Date.parse(expiresAt);
    const createdBy = caller.subject;
    return makeKey({ ...grant, name, userId, expiresAt: expiry, metadata, createdBy }, ctx);
  },
  async handle({ prepared, caller, tx, ctx }) {
    const row = await storeKey(prepared, caller.organization, tx);
    return { ...toView(row, ctx.clock.now()), key: prepared.text };
  },
});

function usualEnvironment(ctx: Parameters<typeof settingsOf>[0]): string {
  return settingsOf(ctx).environments[0] ?? "live";
}
