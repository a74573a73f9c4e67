import { problem, raiser } from "../../base/index.ts";

/** What the store refuses. Both drivers raise only these. */
export const storeErrors = {
  "store.unavailable": problem(
    503,
    "The database did not take the change; nothing of it was stored. Try again.",
    "The disk is full, the connection was lost, another program holds the database, or the group of transactions that " +
      "this one shared a commit with could not commit. The server's log has the reason. Trying again is safe.",
  ),
  "store.outcomeUnknown": problem(
    503,
    "The connection to the database was lost during the commit, and the database could not be asked whether the change was stored.",
    "Read what you wrote before you write it again, or send the request again with the same Idempotency-Key, which " +
      "stores it once. PostgreSQL only: the server asks for 10 s on a new connection before it gives this answer.",
  ),
  "store.conflict": problem(
    409,
    "The change met another one: a value that must be unique is taken, or a row was not as expected.",
  ),
  "store.revoked": problem(
    500,
    "A transaction was used after it had ended.",
    "A transaction's handle ends when its function settles, or when 50 ms pass without a statement under way. Await " +
      "every statement, and do slow work (hashing, calls to others) before the transaction.",
  ),
  "store.badValue": problem(
    422,
    "A value cannot be stored: {reason}.",
    "Databases here take text without U+0000 and lone surrogates, finite numbers, 64-bit integers, bytes and null.",
  ),
  "store.readOnly": problem(500, "A statement that writes was given to a handle that only reads."),
  "store.statement": problem(
    500,
    "The database refused a statement; the server's log has the reason.",
  ),
  "store.foreignTable": problem(
    500,
    "The statement names '{table}', which is not a table of '{owner}'.",
    "A plugin reads and writes its own tables only. Ask the other plugin's capability, or react to its events.",
  ),
  "store.foreignOrganization": problem(
    500,
    "The statement writes '{table}' for another organization than the one its handle is bound to.",
  ),
  "store.unsupportedStatement": problem(
    500,
    "The statement cannot be bound to an organization: {reason}.",
  ),
  "store.migrationLock": problem(
    503,
    "Another process has been changing the schema for {seconds} s. Start again when it is done.",
  ),
  "store.migrationChanged": problem(
    500,
    "The migration '{migration}' of '{owner}' is not the one that was applied to this database. Restore its text, and put the change into a new migration.",
  ),
  "store.migrationOrder": problem(
    500,
    "The migration '{migration}' of '{owner}' sorts before '{applied}', which was applied already. Give it a later number.",
  ),
  "store.migrationFailed": problem(
    500,
    "The migration '{migration}' of '{owner}' failed; nothing of it was stored.",
  ),
  "store.newerSchema": problem(
    500,
    "This database has the migration '{migration}' of '{owner}', which this version ({version}) does not know. Start the newer version again, or restore a backup.",
  ),
  "store.unsafeDatabase": problem(
    500,
    "PostgreSQL runs with {setting} = {value}: accepted data could be lost. Set {setting} = on.",
  ),
  "store.backupElsewhere": problem(
    409,
    "PostgreSQL is backed up with its own tools (pg_dump, pg_basebackup, or your provider's snapshots).",
  ),
  "store.backupTarget": problem(409, "The backup file '{file}' exists already. Give another name."),
  "store.backupBroken": problem(422, "The backup '{file}' cannot be trusted: {reason}."),
};

/** Makes the store's problems. */
export const raiseStore = raiser(storeErrors);
