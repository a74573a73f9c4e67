import type { JobOutcome, JobRun } from "../contract/index.ts";
import { acme, define, note } from "./job-fixtures.ts";
import { seeded, SimulatedProcess, World } from "./job-simulator.ts";
import type { Weather } from "./job-simulator.ts";
import { spineOver, testOrigin } from "./spine.ts";
import type { TestSpine } from "./spine.ts";
import type { TestDatabase } from "./test-database.ts";

const CALM: Weather = { crash: 0, away: 0, unknown: 0, late: 0 };
const STORM: Weather = { crash: 0.02, away: 0.02, unknown: 0.02, late: 0.25 };
const KINDS = { plain: undefined, pair: 2, single: 1 } as const;
const STEPS_MAX = 6_000;

type Kind = keyof typeof KINDS;

/** What a simulation comes to. */
export interface Simulated {
  /** Words for each promise that was broken; none when all were kept. */
  readonly broken: readonly string[];
  readonly trace: readonly string[];
  /** So that a simulation in which nothing happens is seen. */
  readonly ends: number;
  readonly runs: number;
  readonly ticks: number;
}

/** One world of jobs and a schedule, from its first enqueue until nothing is left to do. */
class Simulation {
  readonly world: World;
  readonly broken: string[] = [];
  readonly #database: TestDatabase;
  readonly #random: () => number;
  readonly #client: TestSpine;
  readonly #processes: SimulatedProcess[] = [];
  readonly #enqueued: { readonly index: number; readonly kind: Kind; readonly key: string }[] = [];
  readonly #begun: number[] = [];
  /** Of each job the run that began last. */
  readonly #newest = new Map<string, number>();
  #runs = 0;
  #seenEnd = 0;
  ends = 0;
  ticks = 0;

  constructor(database: TestDatabase, seed: number) {
    this.#database = database;
    this.world = new World(database.driver, seed);
    this.#random = seeded(seed ^ 0x5f5f5f5f);
    const outside = new SimulatedProcess(this.world, "client");
    const now = (): Promise<number> => Promise.resolve(this.world.now);
    this.#client = this.#assemble({ ...database.driver, now }, outside);
  }

  get runs(): number {
    return this.#runs;
  }

  #assemble(driver: TestDatabase["driver"], { clock }: SimulatedProcess): TestSpine {
    const fill = (bytes: Uint8Array): void => {
      for (let index = 0; index < bytes.length; index += 1) bytes[index] = this.#random() * 256;
    };
    const jobs = { concurrency: 4, leaseMs: 3_000, random: this.#random, crashesMax: 1_000 };
    const spine = spineOver(this.#database, driver, { clock, fill, jobs });
    for (const [name, concurrency] of Object.entries(KINDS)) {
      const run = (given: JobRun<{ index: number }>) => this.#run(given, clock);
      const limit = concurrency === undefined ? {} : { concurrency };
      spine.addJob(name, define(run, { attempts: 1_000, backoffMs: () => 700, ...limit }));
    }
    return spine;
  }

  async #run(
    { id, input, progress }: JobRun<{ index: number }>,
    clock: SimulatedProcess["clock"],
  ): Promise<JobOutcome> {
    this.#runs += 1;
    this.#begun.push(input.index);
    const run = this.#runs;
    this.#newest.set(id, run);
    const waits = Math.floor(this.#random() * 3);
    for (let wait = 0; wait < waits; wait += 1) {
      await new Promise<void>((resolve) => void clock.after(this.#random() * 4_000, resolve));
      progress({ done: wait, total: waits });
    }
    if (this.world.weather.crash > 0 && this.#random() < 0.15) throw new TypeError("not yet");
    const text = input.index < 0 ? id : `${input.index}`;
    return { kind: "done", with: (batch) => note(batch, text, `${id} ${run}`) };
  }

  async #enqueue(): Promise<void> {
    const many = 1 + Math.floor(this.#random() * 4);
    await this.world.work(() =>
      this.#client.hub.append({ scope: acme, origin: testOrigin }, (session) => {
        for (let each = 0; each < many; each += 1) {
          const kind =
            (["plain", "pair", "single"] as const)[Math.floor(this.#random() * 3)] ?? "plain";
          const index = this.#enqueued.length;
          const key = `k${Math.floor(this.#random() * 2)}`;
          this.#enqueued.push({ index, kind, key });
          session.as("notes").enqueue(kind, { index }, { key, priority: 5 });
        }
      }),
    );
  }

  /** A process begins; those that run already go on, and learn that their jobs were taken. */
  #begin(): void {
    const process = new SimulatedProcess(this.world, `p${this.#processes.length}`);
    this.#processes.push(process);
    const spine = this.#assemble(process.driver, process);
    const start = async (): Promise<void> => {
      // A process that cannot reach the database tries again, as its supervisor would.
      for (;;) {
        try {
          await spine.jobs.start();
          await spine.schedules.start([]);
          return;
        } catch {
          await new Promise<void>((resolve) => void process.clock.after(500, resolve));
        }
      }
    };
    void start();
  }

  async simulate(weather: Weather): Promise<void> {
    this.world.weather = weather;
    await this.#client.hub.transaction({ scope: acme, origin: testOrigin }, (session) =>
      this.#client.schedules.face.create(session.as("notes"), {
        cron: "* * * * * *",
        overlap: "queue",
        catchUp: { window: "1h", max: 3 },
        job: { plugin: "notes", name: "plain", input: { index: -1 } },
      }),
    );
    this.#begin();
    if (weather.crash > 0) this.#begin();
    for (let step = 0; step < 160; step += 1) {
      if (step % 12 === 0) await this.#enqueue();
      const living = this.#processes.filter(({ hasEnded }) => !hasEnded).length;
      if (living === 0 || (weather.crash > 0 && living < 3 && this.#random() < 0.02)) this.#begin();
      await this.world.step();
      await this.#checkStep();
    }
    await this.#calmDown();
    await this.#checkAll(weather.crash === 0);
  }

  /** The storm is over: one process is enough to do what is left. */
  async #calmDown(): Promise<void> {
    this.world.weather = CALM;
    await this.#ask(`update schedules_schedules set state = 'paused'`);
    this.ends = this.#processes.filter(({ hasEnded }) => hasEnded).length;
    for (const process of this.#processes)
      if (!process.hasEnded && this.ends > 0) this.world.end(process);
    if (this.ends > 0) this.#begin();
    for (let step = 0; step < STEPS_MAX; step += 1) {
      if (
        step % 10 === 0 &&
        (await this.#ask(`select 1 as one from jobs_active limit 1`)).length === 0
      )
        return;
      if (!(await this.world.step())) break;
      await this.#checkStep();
    }
    this.broken.push("jobs are left that nobody runs");
  }

  async #checkStep(): Promise<void> {
    await this.#checkLimits();
    const ends = await this.#ask(`select rowid, id from notes_note where rowid > ${this.#seenEnd}`);
    for (const end of ends) {
      this.#seenEnd = Math.max(this.#seenEnd, Number(end["rowid"]));
      const [job = "", run = ""] = String(end["id"]).split(" ");
      // Whoever has the job now began it last: what an earlier run writes from then on must be refused.
      if (this.#newest.get(job) !== Number(run))
        this.broken.push(`an outdated run of ${job} wrote`);
    }
  }

  async #checkLimits(): Promise<void> {
    const rows = await this.#ask(`select name, key_name, count(*) as many from jobs_active
      where state in ('ready', 'suspect', 'running') and name <> 'plain' group by name, key_name`);
    for (const row of rows) {
      const limit = KINDS[String(row["name"]) as Kind] ?? Infinity;
      if (Number(row["many"]) > limit)
        this.broken.push(`${String(row["name"])} runs ${String(row["many"])} times`);
    }
  }

  async #checkAll(isCalm: boolean): Promise<void> {
    const texts = (await this.#ask(`select text from notes_note`)).map((row) =>
      String(row["text"]),
    );
    for (const { index, kind } of this.#enqueued) {
      const times = texts.filter((text) => text === `${index}`).length;
      if (times !== 1) this.broken.push(`job ${index} (${kind}) was done ${times} times`);
    }
    const ticks = await this.#ask(`select tick_at, job from schedules_ticks where outcome = 'run'`);
    this.ticks = ticks.length;
    const jobs = ticks.map((row) => String(row["job"]));
    const done = texts.filter((text) => text.startsWith("job_"));
    if (new Set(ticks.map((row) => Number(row["tick_at"]))).size !== ticks.length)
      this.broken.push("a tick came twice");
    if (done.toSorted().join() !== jobs.toSorted().join()) {
      this.broken.push(`${jobs.length} ticks made ${done.length} ends`);
    }
    if (!isCalm) return;
    // In the order of their enqueuing, as long as none of them fails or crashes.
    for (const key of ["k0", "k1"]) {
      const wanted = this.#enqueued
        .filter((each) => each.kind === "single" && each.key === key)
        .map(({ index }) => index);
      const began = this.#begun.filter((index) => wanted.includes(index));
      if (began.join() !== wanted.join())
        this.broken.push(`${key}: ${began.join()} instead of ${wanted.join()}`);
    }
  }

  async #ask(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { driver } = this.#database;
    const given = { sql, parameters: [] };
    if (sql.startsWith("select")) return (await driver.query(given)).rows;
    await driver.append([given]);
    return [];
  }

  /** Ends everything, so that nothing of this world goes on in the next. */
  async clear(): Promise<void> {
    for (const process of this.#processes) this.world.end(process);
    const tables = [
      "jobs_active",
      "jobs_ended",
      "schedules_schedules",
      "schedules_ticks",
      "notes_note",
      "log_events",
    ];
    await this.#database.driver.append(
      tables.map((table) => ({ sql: `delete from ${table}`, parameters: [] })),
    );
  }
}

/** Simulates the world of one seed: every fourth is calm, in all others processes end and the database is away. */
export async function simulate(database: TestDatabase, seed: number): Promise<Simulated> {
  const simulation = new Simulation(database, seed);
  try {
    await simulation.simulate(seed % 4 === 0 ? { ...CALM, late: 0.1 } : STORM);
    const { broken, world, ends, runs } = simulation;
    return {
      ticks: simulation.ticks,
      broken: [...new Set(broken)],
      trace: world.trace,
      ends,
      runs,
    };
  } finally {
    await simulation.clear();
  }
}
