import { Type } from "typebox";

const id = "user_01jd3v9k2me8r8v0c2m4t6x8z0";
const example = { id, username: "ada" };
const named = Type.Object({ id: Type.String(), username: Type.String() });

/** What this room puts on the log of every organization that a person belongs to. No event holds an address or a secret. */
export const peopleEvents = {
  "user.created": { description: "An account was made.", data: named, example },
  "user.updated": {
    description: "An account's profile was changed.",
    data: Type.Object({
      id: Type.String(),
      username: Type.String(),
      changed: Type.Array(Type.String()),
    }),
    example: { ...example, changed: ["displayName"] },
  },
  "user.emailVerified": {
    description: "A person has shown that an account's e-mail address is theirs.",
    data: named,
    example,
  },
  "user.passwordChanged": {
    description: "An account has a new password; its other sessions are over.",
    data: Type.Object({
      id: Type.String(),
      username: Type.String(),
      by: Type.Union([Type.Literal("password"), Type.Literal("mail"), Type.Literal("operator")]),
    }),
    example: { ...example, by: "mail" },
  },
  "user.suspended": {
    description: "An account may not sign in any more; its sessions are over.",
    data: named,
    example,
  },
  "user.reinstated": {
    description: "A suspended account may sign in again.",
    data: named,
    example,
  },
  "user.deleted": {
    description:
      "An account was deleted: its sessions, memberships and API keys are over. What it wrote stays.",
    data: named,
    example,
  },
} as const;
