import { isProblem } from "../../base/index.ts";
import type { Clock } from "../../base/index.ts";
import type { Failure, Logger, SqlRow, SqlValue } from "../contract/index.ts";
import { createBell } from "../log/index.ts";
import type { Bell } from "../log/index.ts";
import type { DriverTransaction, StoreHub } from "../store/index.ts";
import { admitDue, fill, fillKeys, keyText } from "./admit.ts";
import type { Admission, Admitted } from "./admit.ts";
import { attempt } from "./attempt.ts";
import type { AbortReason, Ended } from "./attempt.ts";
import { toClaimed } from "./claimed.ts";
import type { ClaimedJob, JobKey } from "./claimed.ts";
import { createProgress, progressStatement } from "./progress.ts";
import type { ProgressKeeper } from "./progress.ts";
import { quarantine } from "./quarantine.ts";
import type { JobRegistry } from "./registry.ts";
import { settle } from "./settle.ts";
import type { SettleOptions } from "./settle.ts";
import type { Settled } from "./outcome.ts";
import { SUSPECT_CRASHES } from "./statements.ts";
import type { JobStatements } from "./statements.ts";
import { Turns } from "./turns.ts";

const POLL_MS = 1_000;
const TROUBLE_MS = 250;
/** A job this process has no definition for is looked at again after this long: another may have it. */
const UNKNOWN_MS = 60_000;

const NOTHING: Admitted = { isMore: false, organizations: new Set() };
const organizationOf = ({ organization }: JobKey): string => organization;

/** What a run was and how it went, for metrics. */
export interface Ran {
  readonly job: ClaimedJob;
  readonly settled: Settled | "released";
  readonly durationMs: number;
}

/** What the engine's loop needs. */
export interface EngineOptions {
  readonly hub: StoreHub;
  readonly registry: JobRegistry;
  readonly statements: JobStatements;
  readonly settle: SettleOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly crashesMax: number;
  readonly ran: (ran: Ran) => void;
  readonly failed: (failure: Failure) => void;
}

interface Run {
  readonly job: ClaimedJob;
  readonly abort: AbortController;
}

/** A failed run as observers are told of it. */
function failureOf(job: ClaimedJob, error: unknown, at: number): Failure {
  const { id, organization, plugin, name, origin } = job;
  const code = isProblem(error) ? error.code : null;
  const { actor: subject, trace } = origin;
  return {
    kind: "job",
    organization,
    place: `${plugin}.${name}`,
    code,
    error,
    subject,
    trace,
    id,
    at,
  };
}

/** Claims and runs for one owner. Upkeep (leases, recovery) is told apart: see `upkeep.ts`. */
export class Engine {
  readonly bell: Bell;
  readonly #options: EngineOptions;
  readonly #admission: Admission;
  readonly #runs = new Map<number, Run>();
  readonly #ends = new Set<Promise<void>>();
  readonly #listeners = new Set<() => void>();
  #freed = new Map<string, JobKey>();
  /** Since when a claim is under way, whose jobs are not among those that run yet; by the database's clock. */
  claimingSince: number | undefined;
  readonly #turns = new Turns();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#admission = {
      driver: options.hub.driver,
      statements: options.statements,
      registry: options.registry,
    };
    this.bell = createBell(options.clock);
  }

  get running(): readonly ClaimedJob[] {
    return [...this.#runs.values()].map((run) => run.job);
  }

  /** Calls `listen` whenever a run has ended and its end is stored. */
  onEnded(listen: () => void): () => void {
    this.#listeners.add(listen);
    return () => void this.#listeners.delete(listen);
  }

  /** Aborts runs; all when no test is given. */
  abort(reason: AbortReason, which: (job: ClaimedJob) => boolean = () => true): void {
    for (const run of this.#runs.values()) {
      if (which(run.job)) run.abort.abort(reason);
    }
  }

  /** Claims until the signal, then settles; runs go on. */
  async loop(owner: () => string | undefined, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const name = owner();
      try {
        const waitMs = name === undefined ? TROUBLE_MS : await this.#turn(name);
        if (waitMs > 0) await this.bell.wait(waitMs, signal);
      } catch (error) {
        this.#options.logger.warn({ error }, "Jobs could not be claimed; trying again.");
        await this.bell.wait(TROUBLE_MS, signal);
      }
    }
  }

  /** Settles when every run has ended and its end is stored. */
  async settled(): Promise<void> {
    while (this.#ends.size > 0) await Promise.all(this.#ends);
  }

  /** One look at the queue; how long to wait before the next, 0 for not at all. */
  async #turn(owner: string): Promise<number> {
    const now = await this.#options.hub.driver.now();
    this.claimingSince = now;
    try {
      return await this.#look(owner, now);
    } finally {
      this.claimingSince = undefined;
    }
  }

  async #look(owner: string, now: number): Promise<number> {
    const { hub, statements, concurrency } = this.#options;
    const parameters = [this.#turns.after];
    const { rows } = await hub.driver.query({ sql: statements.peek, parameters });
    const nextAt = rows[0]?.["next_at"] ?? null;
    const isDue = nextAt !== null && Number(nextAt) <= now;
    // Written by the statement above, as a list of texts or null.
    const ready = JSON.parse(String(rows[0]?.["organizations"] ?? "[]")) as readonly string[];
    if (ready.length === 0) this.#turns.after = "";
    const isRoundEnded = ready.length === 0 && parameters[0] !== "";
    const moved = await this.#move(owner, { isDue, ready, now });
    if (isRoundEnded) return 0;
    const free = concurrency - this.#runs.size;
    if (free < 1) return POLL_MS;
    const suspects = (rows[0]?.["suspect"] ?? null) !== null ? await this.#claimSuspect(owner) : 0;
    if (moved.claimed + suspects > 0 || moved.mayHaveMore) return free > suspects ? 0 : POLL_MS;
    // Somebody else was quicker, or every due job waits at its key.
    const untilNext = nextAt === null || isDue ? POLL_MS : Number(nextAt) - now;
    return Math.max(1, Math.min(POLL_MS, untilNext));
  }

  /** Fills the slots that became free, admits what is due and claims what is ready: one transaction, one commit. */
  async #move(
    owner: string,
    { isDue, ready, now }: { isDue: boolean; ready: readonly string[]; now: number },
  ): Promise<{ readonly claimed: number; readonly mayHaveMore: boolean }> {
    if (!isDue && ready.length === 0 && this.#freed.size === 0) {
      return { claimed: 0, mayHaveMore: false };
    }
    const { hub, statements, concurrency } = this.#options;
    const free = concurrency - this.#runs.size;
    return await this.#withFreed(async (freed) => {
      const { claimed, mayHaveMore } = await hub.driver.transaction(async (tx) => {
        const admitted = isDue ? await admitDue(this.#admission, tx, { now, freed }) : NOTHING;
        if (!isDue) await fillKeys(this.#admission, tx, freed);
        const others = [...admitted.organizations, ...[...freed.values()].map(organizationOf)];
        const shares = this.#turns.share(ready, others, Math.max(0, free));
        const pairs = shares.map(({ organization, limit }) => [organization, limit]);
        const whose = [JSON.stringify(pairs), shares[0]?.limit ?? 0, owner];
        const rows = pairs.length === 0 ? [] : await this.#claim(tx, statements.claimReady, whose);
        // A suspect among those who got a freed slot is only seen by the next look.
        return { claimed: rows, mayHaveMore: admitted.isMore || freed.size > 0 };
      });
      this.#startAll(claimed);
      return { claimed: claimed.length, mayHaveMore };
    });
  }

  async #claim(
    tx: DriverTransaction,
    sql: string,
    whose: readonly SqlValue[],
  ): Promise<readonly SqlRow[]> {
    const { hub, leaseMs } = this.#options;
    const now = await hub.driver.now();
    return (await tx.execute({ sql, parameters: [...whose, now, now + leaseMs] })).rows;
  }

  #startAll(rows: readonly SqlRow[]): void {
    const jobs = rows.map(toClaimed).toSorted((a, b) => a.rank - b.rank || a.n - b.n);
    for (const job of jobs) this.#start(job);
  }

  /** One at a time: when the process goes down with it, no other suspect is blamed. */
  async #claimSuspect(owner: string): Promise<number> {
    const isBusy = this.running.some((job) => job.crashes >= SUSPECT_CRASHES);
    if (isBusy) return 0;
    const { hub, statements } = this.#options;
    const rows = await hub.driver.transaction((tx) =>
      this.#claim(tx, statements.claimSuspect, [1, owner]),
    );
    this.#startAll(rows);
    return rows.length;
  }

  #start(job: ClaimedJob): void {
    const run: Run = { job, abort: new AbortController() };
    this.#runs.set(job.n, run);
    const end = this.#run(run).catch((error: unknown) => {
      this.#options.logger.error({ error, job: job.id }, "The end of a job was not stored.");
    });
    this.#ends.add(end);
    void end.finally(() => {
      this.#ends.delete(end);
      this.#runs.delete(job.n);
      if (job.key !== null) {
        const key = { ...job, key: job.key };
        this.#freed.set(keyText(key), key);
      }
      this.bell.ring();
      for (const listen of this.#listeners) listen();
    });
  }

  async #run({ job, abort }: Run): Promise<void> {
    const { registry, clock, hub, ran, crashesMax } = this.#options;
    const startedAt = clock.monotonic();
    const registered = registry.find(job.plugin, job.name);
    const progress = this.#progressOf({ job, abort });
    let ended: Ended;
    if (registered === undefined) {
      const at = (await hub.driver.now()) + UNKNOWN_MS;
      ended = { kind: "outcome", outcome: { kind: "snooze", at } };
    } else if (job.crashes >= crashesMax) {
      ended = { kind: "outcome", outcome: quarantine(job, registered) };
    } else {
      ended = await attempt(job, registered, { clock, abort, progress });
    }
    const settled = await this.#settle(job, ended, progress.take());
    ran({ job, settled, durationMs: clock.monotonic() - startedAt });
  }

  #progressOf({ job, abort }: Run): ProgressKeeper {
    const { clock, hub, statements } = this.#options;
    const fence = [job.n, job.token];
    return createProgress({
      clock,
      write: async (json) => {
        const batch = [progressStatement(statements.progress, json, fence)];
        return (await hub.driver.append(batch)) === undefined;
      },
      lost: () => abort.abort("lost" satisfies AbortReason),
    });
  }

  async #settle(
    job: ClaimedJob,
    ended: Ended,
    progress: string | undefined,
  ): Promise<Settled | "released"> {
    if (ended.kind !== "outcome") return ended.kind;
    const { registry, settle: options, logger } = this.#options;
    const { outcome } = ended;
    const definition = registry.find(job.plugin, job.name)?.definition;
    const settled = await settle(options, { job, definition, outcome, progress });
    const isSetAside = settled === "fail" || settled === "quarantine";
    if (settled !== "lost" && (isSetAside || ended.thrown !== undefined)) {
      const error = ended.thrown ?? ("error" in outcome ? outcome.error : "");
      this.#options.failed(failureOf(job, error, this.#options.clock.now()));
    }
    if (isSetAside && "error" in outcome) {
      const { error } = outcome;
      const name = `${job.plugin}.${job.name}`;
      logger.error({ job: job.id, name, error, trace: job.origin.trace }, "A job failed for good.");
    }
    return settled;
  }

  /** Slots of keys whose jobs ended here go to those who wait longest. */
  async fillFreed(): Promise<void> {
    if (this.#freed.size === 0) return;
    await this.#withFreed((freed) => fill(this.#admission, freed));
  }

  /** Takes the keys whose slots became free; they come again when `use` fails. */
  async #withFreed<TValue>(
    use: (freed: ReadonlyMap<string, JobKey>) => Promise<TValue>,
  ): Promise<TValue> {
    const freed = this.#freed;
    this.#freed = new Map();
    try {
      return await use(freed);
    } catch (error) {
      for (const [text, key] of freed) this.#freed.set(text, key);
      throw error;
    }
  }
}
