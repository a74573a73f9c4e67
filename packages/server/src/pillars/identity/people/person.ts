import type { Person } from "./face.ts";
import type { PersonRow } from "./tables.ts";

/** A person as the other rooms see one. */
export function toPerson(row: PersonRow): Person {
  return {
    id: row.id,
    username: row.username,
    displayName: row.display_name,
    email: row.email,
    isEmailVerified: row.verified_key !== null,
    state: row.state,
    // Written by this room.
    instancePermissions: JSON.parse(row.instance_permissions) as string[],
    createdAt: row.created_at,
  };
}
