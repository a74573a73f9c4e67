import { Type } from "typebox";

const example = { id: "key_01jd3v9k2me8r8v0c2m4t6x8z0", name: "Acme, production" };

/** What this pillar puts on the log. No event holds a key's text or hash. */
export const keyEvents = {
  "key.created": {
    description: "An API key was created.",
    data: Type.Object({
      id: Type.String(),
      name: Type.String(),
      environment: Type.String(),
      permissions: Type.Array(Type.String()),
      userId: Type.Union([Type.String(), Type.Null()]),
    }),
    example: { ...example, environment: "live", permissions: ["events:write"], userId: null },
  },
  "key.updated": {
    description: "An API key was changed.",
    data: Type.Object({ id: Type.String(), name: Type.String() }),
    example,
  },
  "key.disabled": {
    description: "An API key was switched off; it opens nothing until it is enabled.",
    data: Type.Object({ id: Type.String(), name: Type.String() }),
    example,
  },
  "key.enabled": {
    description: "An API key was switched on again.",
    data: Type.Object({ id: Type.String(), name: Type.String() }),
    example,
  },
  "key.rotated": {
    description: "An API key got a new secret; the one before opens until previousExpiresAt.",
    data: Type.Object({
      id: Type.String(),
      name: Type.String(),
      previousExpiresAt: Type.String({ format: "date-time" }),
    }),
    example: { ...example, previousExpiresAt: "2026-01-02T00:00:00.000Z" },
  },
  "key.revoked": {
    description: "An API key was revoked; it opens nothing any more.",
    data: Type.Object({ id: Type.String(), name: Type.String() }),
    example,
  },
} as const;
