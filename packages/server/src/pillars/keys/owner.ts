import type { Caller, PluginContext } from "portico/kernel";
import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from "kysely";
import type { KeyRow, KeyTables } from "./tables.ts";

/** True when the caller may see and change the keys of everybody in the organization. */
export function mayAll(caller: Caller, { access }: PluginContext): boolean {
  return caller.kind === "internal" || access.can(caller, "keys:all").allowed;
}

/** A key is its own, its user's, and its creator's. */
export function isOwn(row: KeyRow, caller: Caller): boolean {
  const { subject, credential, user } = marksOf(caller);
  const isSelf = row.id === subject || row.id === credential;
  const isUsers = user !== undefined && row.user_id === user;
  return isSelf || isUsers || row.created_by === subject || row.created_by === user;
}

/** {@link isOwn} as a condition. */
export function ownKeys(
  caller: Caller,
): (
  where: ExpressionBuilder<KeyTables, "keys_keys">,
) => ExpressionWrapper<KeyTables, "keys_keys", SqlBool> {
  const { subject, credential, user } = marksOf(caller);
  return (where) =>
    where.or([
      where("id", "=", subject),
      where("created_by", "=", subject),
      ...(credential === undefined ? [] : [where("id", "=", credential)]),
      ...(user === undefined ? [] : [where("user_id", "=", user), where("created_by", "=", user)]),
    ]);
}

function marksOf({ kind, subject, credential, userId }: Caller): {
  readonly subject: string;
  readonly credential: string | undefined;
  readonly user: string | undefined;
} {
  return { subject, credential, user: userId ?? (kind === "user" ? subject : undefined) };
}
