import { clearInterval, setInterval } from "node:timers";
import { Buffer } from "node:buffer";
import { sha256 } from "../../base/index.ts";
import type { Election } from "../../kernel/store/index.ts";
import type { ConnectionOptions } from "./connection.ts";
import { Session } from "./session.ts";

const POLL_MS = 1_000;
const ANSWER_MS = 3_000;

interface Candidate {
  readonly role: string;
  readonly key: string;
  readonly election: Election;
  /** While elected: ends the run. */
  stop: AbortController | undefined;
  running: Promise<void> | undefined;
  isWithdrawn: boolean;
}

/**
 * Elections by advisory locks of one session: whoever holds the lock is elected, and a session that dies gives it up.
 * The connection is asked every second; one that does not answer is given up before another can be elected on our word.
 */
export class Elections {
  readonly #session: Session;
  readonly #candidates = new Set<Candidate>();
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;

  constructor(options: ConnectionOptions) {
    this.#session = new Session(options, {
      connected: () => this.#ask(),
      lost: () => this.#stopAll(),
    });
  }

  elect(role: string, election: Election): () => Promise<void> {
    const candidate: Candidate = {
      role,
      key: lockKey(role),
      election,
      stop: undefined,
      running: undefined,
      isWithdrawn: false,
    };
    this.#candidates.add(candidate);
    this.#timer ??= setInterval(() => void this.#ask(), POLL_MS).unref();
    this.#session.start();
    void this.#ask();
    return () => this.#withdraw(candidate);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#candidates].map((candidate) => this.#withdraw(candidate)));
    await this.#session.close();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking || this.#session.client === undefined) return;
    this.#isAsking = true;
    try {
      await this.#query("select 1 as alive", []);
      for (const candidate of this.#candidates) await this.#tryElect(candidate);
    } catch {
      // A session that does not answer may be dead to the server, and its locks another's.
      this.#stopAll();
      this.#session.drop();
    } finally {
      this.#isAsking = false;
    }
  }

  async #tryElect(candidate: Candidate): Promise<void> {
    if (candidate.running !== undefined || candidate.isWithdrawn) return;
    const rows = await this.#query("select pg_try_advisory_lock($1) as taken", [candidate.key]);
    if (rows[0]?.["taken"] !== 1) return;
    if (candidate.isWithdrawn || this.#session.client === undefined) {
      await this.#unlock(candidate);
      return;
    }
    const stop = new AbortController();
    candidate.stop = stop;
    candidate.running = this.#run(candidate, stop);
  }

  async #run(candidate: Candidate, stop: AbortController): Promise<void> {
    try {
      await candidate.election.run(stop.signal);
    } catch {
      // Whoever runs tells of its own failures; the role becomes free and is elected anew.
    } finally {
      await this.#unlock(candidate);
      candidate.stop = undefined;
      candidate.running = undefined;
    }
  }

  async #withdraw(candidate: Candidate): Promise<void> {
    candidate.isWithdrawn = true;
    this.#candidates.delete(candidate);
    candidate.stop?.abort();
    await candidate.running;
  }

  async #unlock(candidate: Candidate): Promise<void> {
    await this.#query("select pg_advisory_unlock($1) as freed", [candidate.key]).catch(
      () => undefined,
    );
  }

  #stopAll(): void {
    for (const candidate of this.#candidates) candidate.stop?.abort();
  }

  async #query(text: string, values: string[]): Promise<Record<string, unknown>[]> {
    const client = this.#session.client;
    if (client === undefined) return [];
    const config = { text, values, query_timeout: ANSWER_MS };
    const result = await client.query<Record<string, unknown>>(config);
    return result.rows;
  }
}

function lockKey(role: string): string {
  return Buffer.from(sha256(`portico.role.${role}`))
    .readBigInt64BE(0)
    .toString();
}
