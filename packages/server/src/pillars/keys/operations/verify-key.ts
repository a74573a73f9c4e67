import { Type } from "typebox";
import { operation } from "portico/kernel";
import { Keys } from "../capability.ts";
import { covers } from "../grant.ts";
import { Permission } from "../view.ts";

const Code = Type.Union(
  ["valid", "notFound", "revoked", "expired", "insufficientPermissions"].map((code) =>
    Type.Literal(code),
  ),
);

/** `POST /keys/verify`: for applications that check keys themselves. */
export const verifyKey = operation({
  id: "keys.verify",
  method: "POST",
  path: "/keys/verify",
  summary: "Verify an API key",
  description:
    "Always 200: `valid` says whether the key opens anything, `code` why not. Keys of other organizations are not found.",
  access: "keys:read",
  mode: "read",
  audit: "none",
  body: Type.Object(
    {
      key: Type.String({ maxLength: 512 }),
      permission: Type.Optional(Permission),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      valid: Type.Boolean(),
      code: Code,
      id: Type.Union([Type.String(), Type.Null()]),
      name: Type.Union([Type.String(), Type.Null()]),
      permissions: Type.Array(Type.String()),
      environment: Type.Union([Type.String(), Type.Null()]),
      userId: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  example: {
    body: { key: "{keys.create.key}", permission: "events:write" },
    after: ["keys.create"],
  },
  async handle({ body, caller, ctx }) {
    const verdict = await ctx.get(Keys).verify(body.key);
    if (!verdict.valid) {
      return verdict.organization === caller.organization
        ? { ...NOTHING, code: verdict.code }
        : NOTHING;
    }
    const { organization, permissions, environment = null } = verdict.caller;
    if (organization !== caller.organization) return NOTHING;
    const { permission } = body;
    const isEnough =
      permission === undefined || permissions.some((held) => covers(held, permission));
    return {
      valid: isEnough,
      code: isEnough ? "valid" : "insufficientPermissions",
      id: verdict.id,
      name: verdict.name,
      permissions,
      environment,
      userId: verdict.userId,
    };
  },
});

const NOTHING = {
  valid: false,
  code: "notFound",
  id: null,
  name: null,
  permissions: [],
  environment: null,
  userId: null,
};
