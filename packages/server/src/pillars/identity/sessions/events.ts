import { Type } from "typebox";

const ids = { id: Type.String(), userId: Type.String() };
const example = {
  id: "session_01jd3v9k2me8r8v0c2m4t6x8z0",
  userId: "user_01jd3v9k2me8r8v0c2m4t6x8z0",
};
const Impersonator = Type.Union([Type.String(), Type.Null()]);

/** What this room puts on the log. No event holds a token, an address or a device. */
export const sessionEvents = {
  "session.created": {
    description: "Somebody signed in.",
    data: Type.Object({
      ...ids,
      methods: Type.Array(Type.String()),
      impersonator: Impersonator,
    }),
    example: { ...example, methods: ["pwd"], impersonator: null },
  },
  "session.ended": {
    description:
      "A session was ended before its time: by a sign-out, from the list of sessions, or by the server.",
    data: Type.Object({ ...ids, reason: Type.String() }),
    example: { ...example, reason: "logout" },
  },
  "session.refreshReused": {
    description:
      "A refresh token was used a second time, and its session ended: it may have been stolen.",
    data: Type.Object(ids),
    example,
  },
} as const;
