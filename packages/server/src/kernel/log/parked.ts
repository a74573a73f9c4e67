import { isProblem } from "../../base/index.ts";
import type { LogEvent, ParkedEvent, ParkedQuery, SqlValue } from "../contract/index.ts";
import type { StoreHub, TxSession } from "../store/index.ts";
import { placeholders } from "./placeholders.ts";
import type { LogTables } from "./tables.ts";

/** Notes within the transaction that moves the cursor that the event was not handled. */
export async function parkEvent(
  session: TxSession,
  parked: {
    readonly consumer: string;
    readonly event: LogEvent;
    readonly error: unknown;
    readonly failures: number;
  },
): Promise<void> {
  const { consumer, event } = parked;
  const tx = session.as("log", { organization: event.organization });
  await tx
    .db<LogTables>()
    .insertInto("log_parked")
    .values({
      organization: event.organization,
      consumer,
      seq: event.seq,
      event: event.id,
      type: event.type,
      error: errorText(parked.error),
      failures: parked.failures,
      parked_at: await tx.now(),
    })
    .execute();
}

/** Parked events in log order: of one organization, or of all, which only an operator may see. */
export async function listParked(
  { driver }: StoreHub,
  query: ParkedQuery,
): Promise<readonly ParkedEvent[]> {
  const conditions = ["(seq > ? or (seq = ? and consumer > ?))"];
  const { after } = query;
  const parameters: SqlValue[] = [after?.seq ?? 0, after?.seq ?? 0, after?.consumer ?? ""];
  for (const column of ["organization", "consumer", "event"] as const) {
    const value = query[column];
    if (value === undefined) continue;
    conditions.push(`${column} = ?`);
    parameters.push(value);
  }
  const { rows } = await driver.query({
    sql: placeholders(driver.dialect)(
      `select * from log_parked where ${conditions.join(" and ")} order by seq, consumer limit ?`,
    ),
    parameters: [...parameters, query.limit],
  });
  return rows.map((row) => ({
    organization: String(row["organization"]),
    consumer: String(row["consumer"]),
    seq: Number(row["seq"]),
    event: String(row["event"]),
    type: String(row["type"]),
    error: String(row["error"]),
    failures: Number(row["failures"]),
    parkedAt: Number(row["parked_at"]),
  }));
}

/** Takes the note away; false when somebody else just did. */
export async function unpark(session: TxSession, parked: ParkedEvent): Promise<boolean> {
  const result = await session
    .as("log", { organization: parked.organization })
    .db<LogTables>()
    .deleteFrom("log_parked")
    .where("consumer", "=", parked.consumer)
    .where("seq", "=", parked.seq)
    .executeTakeFirst();
  return Number(result.numDeletedRows) === 1;
}

/** What an error says, in storable text of at most 2,000 characters. */
export function errorText(error: unknown): string {
  const text = isProblem(error)
    ? `${error.code}: ${error.message}`
    : error instanceof Error
      ? error.message
      : String(error);
  return text.slice(0, 2_000).replaceAll("\u0000", "\uFFFD").toWellFormed();
}

/** Keeps what the newest failure said. */
export async function noteFailure(
  session: TxSession,
  parked: ParkedEvent,
  error: string,
): Promise<void> {
  await session
    .as("log", { organization: parked.organization })
    .db<LogTables>()
    .updateTable("log_parked")
    .set({ error, failures: parked.failures + 1 })
    .where("consumer", "=", parked.consumer)
    .where("seq", "=", parked.seq)
    .execute();
}
