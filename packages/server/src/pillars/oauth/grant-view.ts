import { toRfc3339 } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { listIn } from "./clients.ts";
import type { GrantRow } from "./tables.ts";

const Time = Type.String({ format: "date-time" });

/** What a user has allowed a client, as callers see it. */
export const GrantView = Type.Object({
  id: Type.String(),
  userId: Type.String(),
  clientId: Type.String(),
  clientName: Type.String(),
  scopes: Type.Array(Type.String()),
  createdAt: Time,
  updatedAt: Time,
});

/** Makes the view of a row. */
export function toGrantView(
  row: GrantRow & { readonly client_name: string },
): Static<typeof GrantView> {
  return {
    id: row.id,
    userId: row.user_id,
    clientId: row.client_id,
    clientName: row.client_name,
    scopes: listIn(row.scopes),
    createdAt: toRfc3339(row.created_at),
    updatedAt: toRfc3339(row.updated_at),
  };
}
