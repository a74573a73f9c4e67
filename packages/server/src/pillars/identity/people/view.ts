import { toRfc3339 } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import type { Person } from "./face.ts";
import type { PersonRow } from "./tables.ts";

const NullableText = Type.Union([Type.String(), Type.Null()]);

const publicFields = {
  id: Type.String(),
  username: Type.String(),
  displayName: Type.String(),
  createdAt: Type.String({ format: "date-time" }),
};

const ownFields = {
  ...publicFields,
  email: NullableText,
  emailVerified: Type.Boolean({ description: "Whether the address was shown to be theirs." }),
  state: Type.Union([Type.Literal("active"), Type.Literal("suspended"), Type.Literal("deleted")]),
  instancePermissions: Type.Array(Type.String(), {
    description: "Permissions over the installation; `*` of its administrators.",
  }),
};

/** A person as those see them who share an organization with them. */
export const PublicUserView = Type.Object(publicFields);
/** A person as those see them who share an organization with them. */
export type PublicUserView = Static<typeof PublicUserView>;

/** A person as they see themselves. */
export const UserView = Type.Object(ownFields);
/** A person as they see themselves. */
export type UserView = Static<typeof UserView>;

/** A person as the operator sees them. */
export const AccountView = Type.Object({
  ...ownFields,
  suspendedReason: NullableText,
  hasPassword: Type.Boolean(),
  updatedAt: Type.String({ format: "date-time" }),
  revision: Type.Integer(),
});
/** A person as the operator sees them. */
export type AccountView = Static<typeof AccountView>;

/** Makes the public view. */
export function toPublicView(person: Person): PublicUserView {
  const { id, username, displayName, createdAt } = person;
  return { id, username, displayName, createdAt: toRfc3339(createdAt) };
}

/** Makes the view of somebody for themselves. */
export function toUserView(person: Person): UserView {
  const { email, isEmailVerified, state, instancePermissions } = person;
  return {
    ...toPublicView(person),
    email,
    emailVerified: isEmailVerified,
    state,
    instancePermissions: [...instancePermissions],
  };
}

/** Makes the operator's view. */
export function toAccountView(row: PersonRow, person: Person): AccountView {
  return {
    ...toUserView(person),
    suspendedReason: row.suspended_reason,
    hasPassword: row.password_hash !== null,
    updatedAt: toRfc3339(row.updated_at),
    revision: row.revision,
  };
}
