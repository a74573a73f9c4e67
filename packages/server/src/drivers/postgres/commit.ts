import { setTimeout } from "node:timers/promises";
import type { PoolClient } from "pg";
import { isProblem } from "../../base/index.ts";
import type { Problem } from "../../base/index.ts";
import { raiseStore } from "../../kernel/store/index.ts";
import { connectClient, isRetried, runStatement, runText, toProblem } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import type { CommitPause } from "./pause.ts";

const ASK_AGAIN_MS = 100;
/**
 * Another text after each recovery from a crash, which discards statistics. It takes back transaction numbers whose
 * records had not reached the disk as well, and gives them out anew: "committed" may then be somebody else's.
 */
const LIFE = "(select stats_reset::text from pg_stat_bgwriter)";

/** A transaction under way: its number, and the life of the database that gave it. */
export interface Begun {
  readonly xid: string;
  readonly life: string;
}

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
  /** A connection does not outlive a crash. */
  readonly #lives = new WeakMap<PoolClient, string>();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Begins, and answers the transaction's number, in one round trip. `settings` is SQL that ends with a semicolon. */
  async begin(client: PoolClient, settings = ""): Promise<Begun> {
    const known = this.#lives.get(client);
    try {
      const life = known === undefined ? `, ${LIFE} as life` : "";
      const text = `begin; ${settings} select pg_current_xact_id()::text as xid${life}`;
      // Several statements in one text answer a list, which the types do not know.
      const results: unknown = await client.query<{ xid: string }>(text);
      const begun = lastBegun(results, known);
      this.#lives.set(client, begun.life);
      return begun;
    } catch (error) {
      throw toProblem(error);
    }
  }

  /**
   * Returns when the transaction is durable. Throws `store.unavailable` when nothing of it is stored, and
   * `store.outcomeUnknown` when that could not be found out.
   */
  async commit(client: PoolClient, begun: Begun): Promise<void> {
    await this.#options.pause.before();
    try {
      // PostgreSQL answers `ROLLBACK`, and no error, when the transaction had failed before.
      const command = await runText(client, "commit");
      if (command !== "COMMIT") throw raiseStore("store.unavailable", { internal: command });
    } catch (error) {
      const problem = toProblem(error);
      const isDecided = problem.code !== "store.unavailable" || isRetried(problem);
      if (isDecided || problem.options.cause === undefined) throw problem;
      await this.#learn(begun, problem);
    }
    await this.#options.pause.after();
  }

  async #learn({ xid, life }: Begun, problem: Problem): Promise<void> {
    const until = performance.now() + this.#options.outcomeMs;
    while (performance.now() < until) {
      const asked = await this.#ask(xid);
      if (asked?.status === "aborted") throw problem;
      if (asked?.status === "committed") {
        if (asked.life === life) return;
        break;
      }
      await setTimeout(ASK_AGAIN_MS);
    }
    const { internal } = problem.options;
    throw raiseStore("store.outcomeUnknown", {
      internal: `transaction ${xid}: ${internal ?? ""}`,
      cause: problem,
    });
  }

  /** "in progress" while its backend has not noticed yet, or still writes; undefined while nobody answers. */
  async #ask(
    xid: string,
  ): Promise<{ readonly status: unknown; readonly life: unknown } | undefined> {
    try {
      const client = await connectClient(this.#options.connection);
      try {
        const sql = `select pg_xact_status($1::xid8) as status, ${LIFE} as life`;
        const { rows } = await runStatement(client, { sql, parameters: [xid] });
        return { status: rows[0]?.["status"], life: rows[0]?.["life"] };
      } finally {
        await client.end().catch(() => undefined);
      }
    } catch (error) {
      // A number that has not been given out since the crash: its transaction has left nothing.
      if (isProblem(error) && error.code === "store.badValue") {
        return { status: "aborted", life: undefined };
      }
      // The database may be starting again: asked anew until the time is up.
      return undefined;
    }
  }
}

function lastBegun(results: unknown, known: string | undefined): Begun {
  const last: unknown = Array.isArray(results) ? results.at(-1) : results;
  if (typeof last === "object" && last !== null && "rows" in last && Array.isArray(last.rows)) {
    const row: unknown = last.rows[0];
    if (typeof row === "object" && row !== null && "xid" in row) {
      const life = "life" in row ? String(row.life) : known;
      if (life !== undefined) return { xid: String(row.xid), life };
    }
  }
  throw raiseStore("store.unavailable", { internal: "the transaction has no number" });
}
