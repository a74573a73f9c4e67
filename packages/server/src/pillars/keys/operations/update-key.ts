import { operation, RateLimits } from "portico/kernel";
import type { Operation, PluginContext } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { Keys } from "../capability.ts";
import { changeKey } from "../change.ts";
import type { KeyChange } from "../change.ts";
import { checkAddresses, checkExpiry, writeMetadata } from "../create.ts";
import { checkGrant, ownRow } from "../grant.ts";
import type { Creator, Grant } from "../grant.ts";
import { checkLimits, limitColumns, Quota, readLimits } from "../limits.ts";
import type { KeyLimits } from "../limits.ts";
import { mayAll } from "../owner.ts";
import type { KeyRow } from "../tables.ts";
import { Addresses, KeyView, Permission, Pins, toView } from "../view.ts";

const Changes = Type.Partial(
  Type.Object({
    name: Type.String({ minLength: 1, maxLength: 200 }),
    permissions: Type.Array(Permission, { maxItems: 200, uniqueItems: true }),
    rateLimit: Type.Union([RateLimits, Type.Null()]),
    quotas: Type.Array(Quota, { maxItems: 4 }),
    userId: Type.Union([Type.String({ minLength: 1, maxLength: 256 }), Type.Null()]),
    ipAllow: Type.Union([Addresses, Type.Null()]),
    pins: Pins,
    expiresAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
    metadata: Type.Record(Type.String(), Type.Unknown()),
  }),
  { additionalProperties: false, minProperties: 1 },
);
type Changes = Static<typeof Changes>;

/** `PATCH /keys/{id}`: what is left out stays as it is. */
export const updateKey: Operation = operation({
  id: "keys.update",
  method: "PATCH",
  path: "/keys/{id}",
  summary: "Change an API key",
  description:
    "Fields that are left out stay as they are; lists and objects are replaced whole. What is given lies within what the " +
    "caller may do itself. The secret and the environment, which is part of it, stay.",
  access: "keys:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Changes,
  replies: { 200: KeyView },
  errors: [
    "keys.notFound",
    "keys.exceedsCreator",
    "keys.expiryPast",
    "keys.badAddress",
    "keys.badLimit",
    "keys.metadataTooLarge",
  ],
  example: {
    path: { id: "{keys.create.id}" },
    body: { name: "Acme, production 2", quotas: [{ limit: 10_000, window: "day" }] },
    after: ["keys.create"],
  },
  async prepare({ path, caller, read, ctx }): Promise<Creator> {
    const row = await ownRow(caller, read);
    ctx.get(Keys).distrust(path.id);
    return { caller, row, mayAll: mayAll(caller, ctx) };
  },
  async handle({ path, body, prepared, ifMatch, caller, tx, ctx }) {
    const row = await changeKey({ id: path.id, caller, ctx, tx, ifMatch }, (before, nowMs) => {
      checkGrant(grantOf(body, before), prepared);
      return { event: "key.updated", set: columnsOf(body, { before, nowMs, ctx }) };
    });
    return toView(row, ctx.clock.now());
  },
});

/** What of the change is a gift: only what is named in it. */
function grantOf(body: Changes, before: KeyRow): Grant {
  const { permissions, ipAllow, userId } = body;
  return {
    ...(permissions === undefined ? {} : { permissions }),
    ...(ipAllow === undefined ? {} : { ipAllow }),
    ...(userId === undefined ? {} : { userId }),
    ...(body.expiresAt === undefined ? {} : { expiresAt: expiryOf(body.expiresAt) }),
    ...(changesLimits(body) ? { limits: limitsAfter(body, before) } : {}),
  };
}

function changesLimits({ rateLimit, quotas }: Changes): boolean {
  return rateLimit !== undefined || quotas !== undefined;
}

function limitsAfter({ rateLimit, quotas }: Changes, before: KeyRow): KeyLimits {
  const held = readLimits(before);
  return {
    rateLimit: rateLimit === undefined ? held.rateLimit : rateLimit,
    quotas: quotas ?? held.quotas,
  };
}

function expiryOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

interface Place {
  readonly before: KeyRow;
  readonly nowMs: number;
  readonly ctx: PluginContext;
}

function columnsOf(body: Changes, { before, nowMs, ctx }: Place): KeyChange["set"] {
  const { name, permissions, userId, ipAllow, pins, metadata } = body;
  const expiresAt = body.expiresAt === undefined ? undefined : expiryOf(body.expiresAt);
  if (expiresAt !== undefined) checkExpiry(expiresAt, nowMs);
  if (ipAllow !== undefined) checkAddresses(ipAllow);
  const limits = changesLimits(body) ? limitsAfter(body, before) : undefined;
  if (limits !== undefined) checkLimits(limits, ctx);
  const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
  return {
    ...(name === undefined ? {} : { name }),
    ...(permissions === undefined ? {} : { permissions: JSON.stringify(permissions) }),
    ...(userId === undefined ? {} : { user_id: userId }),
    ...(ipAllow === undefined ? {} : { ip_allow: json(ipAllow) }),
    ...(pins === undefined ? {} : { pins: Object.keys(pins).length === 0 ? null : json(pins) }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(metadata === undefined ? {} : { metadata: writeMetadata(metadata) }),
    ...(limits === undefined ? {} : limitColumns(limits)),
  };
}
