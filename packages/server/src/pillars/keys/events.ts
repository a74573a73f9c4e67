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
  "key.revoked": {
    description: "An API key was revoked; it opens nothing any more.",
    data: Type.Object({ id: Type.String(), name: Type.String() }),
    example,
  },
} as const;
