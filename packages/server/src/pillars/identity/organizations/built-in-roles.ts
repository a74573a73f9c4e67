/** A role that every organization has. */
export interface BuiltInRole {
  /** What people call it, where that is another word. */
  readonly label?: string;
  readonly description: string;
  readonly permissions: readonly string[];
  /** True where an organization may not make something else of it. */
  readonly isFixed: boolean;
}

const MEMBERS = [
  "organizations:create",
  "organizations:read",
  "members:read",
  "teams:read",
  "roles:read",
  "service-accounts:read",
];

/** The roles of every organization, from the most to the least. */
export const builtInRoles: Readonly<Record<string, BuiltInRole>> = {
  owner: {
    description: "Everything in the organization; alone may delete it and make owners.",
    permissions: ["*"],
    isFixed: true,
  },
  admin: {
    description: "Everything in the organization but deleting it and making owners.",
    permissions: ["*"],
    isFixed: true,
  },
  moderator: {
    description: "Sees who belongs to the organization, invites members and bans them.",
    permissions: [
      ...MEMBERS,
      "members:ban",
      "invitations:read",
      "invitations:write",
      "grants:read",
      "events:read",
    ],
    isFixed: false,
  },
  member: {
    label: "user",
    description: "Sees who belongs to the organization, and may make organizations.",
    permissions: MEMBERS,
    isFixed: false,
  },
  guest: {
    description: "Nothing. In the organization `default` also what callers without an account are.",
    permissions: [],
    isFixed: false,
  },
};

/** The role of who makes an organization. */
export const OWNER = "owner";
/** The role of a new account, and of an invitation that names none. */
export const MEMBER = "member";
/** What a caller without an account is. */
export const GUEST = "guest";

/** Names as they are kept: `user` is another word for `member`. Twice the same is once. */
export function roleNames(given: readonly string[]): readonly string[] {
  return [...new Set(given.map((name) => (name === "user" ? MEMBER : name)))];
}
