import { isProblem } from "../../base/index.ts";
import type { LogEvent } from "../contract/index.ts";
import type { StoreHub, TxSession } from "../store/index.ts";
import type { LogTables } from "./tables.ts";

/** An event that its consumer could not handle. */
export interface ParkedEvent {
  readonly organization: string;
  readonly consumer: string;
  readonly seq: number;
  readonly event: string;
  readonly type: string;
  /** What the last failure said; for operators. */
  readonly error: string;
  readonly failures: number;
  /** Milliseconds since 1970, UTC. */
  readonly parkedAt: number;
}

/** Which parked events. */
export interface ParkedQuery {
  readonly organization: string;
  readonly consumer?: string;
  /** Id of one event. */
  readonly event?: string;
  /** Position to go on after. */
  readonly after?: number;
  readonly limit: number;
}

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

/** Parked events of one organization in log order. */
export async function listParked(
  hub: StoreHub,
  query: ParkedQuery,
): Promise<readonly ParkedEvent[]> {
  const { organization } = query;
  let rows = hub
    .read("log", { organization })
    .db<LogTables>()
    .selectFrom("log_parked")
    .selectAll()
    .where("seq", ">", query.after ?? 0);
  if (query.consumer !== undefined) rows = rows.where("consumer", "=", query.consumer);
  if (query.event !== undefined) rows = rows.where("event", "=", query.event);
  const found = await rows.orderBy("seq").limit(query.limit).execute();
  return found.map((row) => ({
    organization: row.organization,
    consumer: row.consumer,
    seq: row.seq,
    event: row.event,
    type: row.type,
    error: row.error,
    failures: row.failures,
    parkedAt: row.parked_at,
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
