import { Type } from "typebox";

const id = "user_01jd3v9k2me8r8v0c2m4t6x8z0";
const factor = Type.Union([Type.Literal("totp")]);

/** What this room puts on the log. No event holds a code or a secret. */
export const factorEvents = {
  "user.factorAdded": {
    description: "Signing in to an account takes a second proof from now on.",
    data: Type.Object({ id: Type.String(), factor }),
    example: { id, factor: "totp" },
  },
  "user.factorRemoved": {
    description: "A second proof of an account is asked for no longer.",
    data: Type.Object({ id: Type.String(), factor }),
    example: { id, factor: "totp" },
  },
  "user.recoveryCodesMade": {
    description: "An account has new recovery codes; those before are void.",
    data: Type.Object({ id: Type.String() }),
    example: { id },
  },
  "user.recoveryCodeUsed": {
    description: "A recovery code stood in for a one-time code.",
    data: Type.Object({ id: Type.String(), left: Type.Integer() }),
    example: { id, left: 9 },
  },
} as const;
