import { setTimeout } from "node:timers/promises";
import { escapeIdentifier } from "pg";
import type { Client, Pool } from "pg";
import { connectClient, runStatement, runText } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";

const EVERY_MS = 1_000;

/**
 * Tables of ours whose dead rows outnumber the living, as those of a queue do, and tables that have grown by half since they
 * were last looked at. Autovacuum comes once a minute at best: until then every claim walks over the dead, and a plan that
 * was made while a table was empty goes on taking the wrong index.
 */
const NEGLECTED = `select pg_class.relname,
    n_dead_tup > 5000 and n_dead_tup > n_live_tup as is_dead,
    n_mod_since_analyze > 500 + n_live_tup / 2 as is_unknown
  from pg_stat_user_tables join pg_class on pg_class.oid = relid
  where schemaname = current_schema() and pg_has_role(relowner, 'member')
    and (n_mod_since_analyze > 500 + n_live_tup / 2 or (n_dead_tup > 5000 and n_dead_tup > n_live_tup))
  order by n_dead_tup desc limit 20`;

/** Keeps tables that change fast in order, from now until it is closed. */
export class Tending {
  readonly #closed = new AbortController();
  readonly #running: Promise<void>;
  #client: Client | undefined;

  constructor(connection: ConnectionOptions, reads: Pool) {
    this.#running = this.#tend(connection, reads);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    // A long pass is not waited for: the database undoes what it has begun.
    await this.#client?.end().catch(() => undefined);
    await this.#running;
  }

  async #tend(connection: ConnectionOptions, reads: Pool): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await setTimeout(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      // A database that is away is nothing to tend; whoever needs it says so.
      if (!signal.aborted) await this.#pass(connection, reads).catch(() => undefined);
    }
  }

  async #pass(connection: ConnectionOptions, reads: Pool): Promise<void> {
    const { rows } = await runStatement(reads, { sql: NEGLECTED, parameters: [] });
    if (rows.length === 0 || this.#closed.signal.aborted) return;
    const client = await connectClient(connection);
    this.#client = client;
    try {
      // Another process that does the same is passed over.
      for (const row of rows) {
        if (this.#closed.signal.aborted) return;
        const table = escapeIdentifier(String(row["relname"]));
        if (Number(row["is_dead"]) === 1) {
          await runText(client, `vacuum (skip_locked, truncate false) ${table}`);
        }
        if (Number(row["is_unknown"]) === 1)
          await runText(client, `analyze (skip_locked) ${table}`);
      }
    } finally {
      this.#client = undefined;
      await client.end().catch(() => undefined);
    }
  }
}
