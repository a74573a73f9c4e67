import { setTimeout } from "node:timers/promises";
import type { PoolClient } from "pg";
import type { Problem } from "../../base/index.ts";
import { raiseStore } from "../../kernel/store/index.ts";
import { connectClient, isRetried, runStatement, runText, toProblem } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import type { CommitPause } from "./pause.ts";

const ASK_AGAIN_MS = 100;

/** What committing needs. */
export interface CommitterOptions {
  readonly connection: ConnectionOptions;
  readonly pause: CommitPause;
  /** How long to ask how a commit ended whose answer was lost. */
  readonly outcomeMs: number;
}

/**
 * Begins and commits. When the connection breaks between COMMIT and its answer, the database is asked on another one
 * how the transaction ended, so that neither "stored" nor "not stored" is ever a guess.
 */
export class Committer {
  readonly #options: CommitterOptions;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Begins, and answers the transaction's number, in one round trip. `settings` is SQL that ends with a semicolon. */
  async begin(client: PoolClient, settings = ""): Promise<string> {
    try {
      const text = `begin; ${settings} select pg_current_xact_id()::text as xid`;
      // Several statements in one text answer a list, which the types do not know.
      const results: unknown = await client.query<{ xid: string }>(text);
      return lastXid(results);
    } catch (error) {
      throw toProblem(error);
    }
  }

  /**
   * Returns when the transaction is durable. Throws `store.unavailable` when nothing of it is stored, and
   * `store.outcomeUnknown` when that could not be found out.
   */
  async commit(client: PoolClient, xid: string): Promise<void> {
    await this.#options.pause.before();
    try {
      // PostgreSQL answers `ROLLBACK`, and no error, when the transaction had failed before.
      const command = await runText(client, "commit");
      if (command !== "COMMIT") throw raiseStore("store.unavailable", { internal: command });
    } catch (error) {
      const problem = toProblem(error);
      const isDecided = problem.code !== "store.unavailable" || isRetried(problem);
      if (isDecided || problem.options.cause === undefined) throw problem;
      await this.#learn(xid, problem);
    }
    await this.#options.pause.after();
  }

  async #learn(xid: string, problem: Problem): Promise<void> {
    const until = performance.now() + this.#options.outcomeMs;
    while (performance.now() < until) {
      const status = await this.#ask(xid);
      if (status === "committed") return;
      if (status === "aborted") throw problem;
      await setTimeout(ASK_AGAIN_MS);
    }
    const { internal } = problem.options;
    throw raiseStore("store.outcomeUnknown", {
      internal: `transaction ${xid}: ${internal ?? ""}`,
      cause: problem,
    });
  }

  /** "in progress" while its backend has not noticed yet, or still writes; undefined while nobody answers. */
  async #ask(xid: string): Promise<unknown> {
    try {
      const client = await connectClient(this.#options.connection);
      try {
        const sql = "select pg_xact_status($1::xid8) as status";
        const { rows } = await runStatement(client, { sql, parameters: [xid] });
        return rows[0]?.["status"];
      } finally {
        await client.end().catch(() => undefined);
      }
    } catch {
      // The database may be starting again: asked anew until the time is up.
      return undefined;
    }
  }
}

function lastXid(results: unknown): string {
  const last: unknown = Array.isArray(results) ? results.at(-1) : results;
  if (typeof last === "object" && last !== null && "rows" in last && Array.isArray(last.rows)) {
    const row: unknown = last.rows[0];
    if (typeof row === "object" && row !== null && "xid" in row) return String(row.xid);
  }
  throw raiseStore("store.unavailable", { internal: "the transaction has no number" });
}
