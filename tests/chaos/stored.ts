import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";

type Row = Readonly<Record<string, unknown>>;

/** Reads the database of a server that has ended. */
export interface StoredReader extends AsyncDisposable {
  rows(sql: string): AsyncIterable<Row>;
}

/** What the database holds, compared with what was promised. */
export interface StoredFacts {
  readonly lost: number;
  readonly gaps: number;
  readonly deliveriesWrong: number;
  readonly parked: number;
}

/** Opens a SQLite file. */
export function openSqliteReader(file: string): StoredReader {
  const database = new DatabaseSync(file);
  return {
    rows: async function* rows(sql) {
      yield* database.prepare(sql).iterate();
    },
    [Symbol.asyncDispose]: async () => database.close(),
  };
}

const FETCH = 20_000;

/** Opens a PostgreSQL database. */
export async function openPostgresReader(url: string): Promise<StoredReader> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    rows: async function* rows(sql) {
      await client.query(`begin; declare reading cursor for ${sql}`);
      for (;;) {
        const page = await client.query<Row>(`fetch ${FETCH} from reading`);
        if (page.rows.length === 0) break;
        yield* page.rows;
      }
      await client.query("commit");
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

const GAPS = `select case when count(*) = 0 then 0 else max(seq) - min(seq) + 1 - count(seq) + count(*) - count(seq) end
  as n from log_events`;
const WRONG = `select count(*) as n from log_events e where e.type like 'chaos.delivered.%' and (
  select count(*) from webhooks_deliveries d
  where d.organization = e.organization and d.event = e.id and d.state = 'delivered') <> 1`;
const PARKED = `select (select count(*) from log_parked) + (select count(*) from jobs_ended
  where outcome in ('failed', 'quarantined')) as n`;

/** Compares. `promised` is read only. */
export async function readFacts(
  reader: StoredReader,
  promised: Iterable<string>,
): Promise<StoredFacts> {
  const missing = new Set(promised);
  for await (const row of reader.rows("select id from log_events"))
    missing.delete(String(row["id"]));
  return {
    lost: missing.size,
    gaps: await count(reader, GAPS),
    deliveriesWrong: await count(reader, WRONG),
    parked: await count(reader, PARKED),
  };
}

/** How many events consumers have set aside so far. */
export function countParked(reader: StoredReader): Promise<number> {
  return count(reader, "select count(*) as n from log_parked");
}

/** How many events of subscribed types have no delivery that ended well, yet. */
export function countUndelivered(reader: StoredReader): Promise<number> {
  return count(reader, WRONG);
}

async function count(reader: StoredReader, sql: string): Promise<number> {
  let n = 0;
  for await (const row of reader.rows(sql)) n = Number(row["n"]);
  return n;
}
