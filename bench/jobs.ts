// What a backlog costs the others: 100,000 jobs stuck behind one key, and 100,000 ready jobs of one organization. The engine
// alone, over a database of its own; ratios are of two runs one after the other. `npm run bench jobs [-- --postgres URL]`.
import { parseArgs } from "node:util";
import { define, upTo } from "../packages/server/src/kernel/testing/job-fixtures.ts";
import { openSpine, testOrigin } from "../packages/server/src/kernel/testing/spine.ts";
import type { TestSpine } from "../packages/server/src/kernel/testing/spine.ts";
import { openTestDatabase } from "../packages/server/src/kernel/testing/test-database.ts";
import { printMachine, record } from "./figures.ts";

const { values } = parseArgs({
  options: {
    backlog: { type: "string", default: "100000" },
    jobs: { type: "string", default: "10000" },
    postgres: { type: "string" },
  },
});
const backlog = Number(values.backlog);
const count = Number(values.jobs);
const BLOCK = 1_000;
const STUCK = -1;

if (values.postgres !== undefined) process.env["PORTICO_TEST_POSTGRES_URL"] = values.postgres;

interface Engine {
  readonly spine: TestSpine;
  /** Settles when so many jobs have run. */
  readonly ran: (many: number) => Promise<void>;
}

async function open(): Promise<Engine> {
  const kind = values.postgres === undefined ? "sqlite" : "postgres";
  const spine = await openSpine((options) => openTestDatabase(kind, options));
  let seen = 0;
  let waiting: { readonly many: number; readonly resolve: () => void } | undefined;
  spine.addJob(
    "count",
    define(
      async ({ input, signal }) => {
        if (input.index === STUCK) {
          await new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => resolve());
          });
          return;
        }
        seen += 1;
        if (waiting !== undefined && seen >= waiting.many) waiting.resolve();
      },
      { concurrency: 1, timeoutMs: 3_600_000 },
    ),
  );
  spine.addJob(
    "free",
    define(async () => {
      seen += 1;
      if (waiting !== undefined && seen >= waiting.many) waiting.resolve();
    }),
  );
  return {
    spine,
    ran: (many) => {
      seen = 0;
      return new Promise((resolve) => {
        waiting = { many, resolve };
      });
    },
  };
}

async function fill(
  spine: TestSpine,
  [organization, job]: readonly [string, string],
  options: {
    readonly many: number;
    readonly key?: (index: number) => string;
    readonly stuck?: boolean;
  },
): Promise<void> {
  const { many, key, stuck = false } = options;
  for (let start = 0; start < many; start += BLOCK) {
    await spine.hub.append({ scope: { organization }, origin: testOrigin }, (session) => {
      const batch = session.as("notes");
      for (let index = start; index < Math.min(many, start + BLOCK); index += 1) {
        const input = { index: stuck ? STUCK : index };
        batch.enqueue(job, input, key === undefined ? {} : { key: key(index) });
      }
    });
  }
}

/** Jobs a second over a hundred keys; what is enqueued is timed with what is run. */
async function throughput({ spine, ran }: Engine): Promise<number> {
  const done = ran(count);
  const startedAt = performance.now();
  await fill(spine, ["acme", "count"], { many: count, key: (index) => `free${index % 100}` });
  await done;
  return count / ((performance.now() - startedAt) / 1_000);
}

/** Behind one key that is stuck, everything waits; the other keys must not feel it. */
async function stuckKey(): Promise<void> {
  const engine = await open();
  const { spine } = engine;
  await spine.jobs.start();
  await throughput(engine);
  const without = await throughput(engine);
  await fill(spine, ["acme", "count"], { many: backlog, key: () => "stuck", stuck: true });
  await drainAdmission(spine);
  const withIt = await throughput(engine);
  await spine[Symbol.asyncDispose]();
  const ratio = withIt / without;
  console.log(
    `${backlog} jobs behind one key: the other keys ${withIt.toFixed(0)}/s, without them ${without.toFixed(0)}/s; ratio ${ratio.toFixed(2)}`,
  );
  record("jobs beside a stuck key", ratio);
}

/** Until everything that waits at the stuck key is there: then nothing but the index tells it apart. */
async function drainAdmission(spine: TestSpine): Promise<void> {
  for (;;) {
    const { rows } = await spine.hub.driver.query({
      sql: "select 1 as one from jobs_active where state = 'delayed' limit 1",
      parameters: [],
    });
    if (rows.length === 0) return;
    await new Promise<void>((resolve) => void setTimeout(resolve, 50));
  }
}

/** How long one job of an organization waits until it begins, p50 and worst of a hundred. */
async function delays(engine: Engine, organization: string): Promise<readonly [number, number]> {
  const { spine } = engine;
  const waits: number[] = [];
  let resolveOne = (): void => {};
  spine.addJob(
    "probe",
    define(async () => resolveOne()),
  );
  for (const index of upTo(100)) {
    const begun = new Promise<void>((resolve) => {
      resolveOne = resolve;
    });
    const at = performance.now();
    await spine.hub.append({ scope: { organization }, origin: testOrigin }, (session) => {
      session.as("notes").enqueue("probe", { index });
    });
    await begun;
    waits.push(performance.now() - at);
  }
  const inOrder = waits.toSorted((a, b) => a - b);
  return [inOrder[50] ?? 0, inOrder.at(-1) ?? 0];
}

/** One organization has a hundred thousand jobs ready: another's must begin at once. */
async function otherOrganization(): Promise<void> {
  const engine = await open();
  const { spine } = engine;
  await spine.jobs.start();
  const [quiet] = await delays(engine, "globex");
  const done = engine.ran(backlog);
  const startedAt = performance.now();
  await fill(spine, ["acme", "free"], { many: backlog });
  const [middle, worst] = await delays(engine, "globex");
  const left = await countReady(spine);
  await done;
  const rate = backlog / ((performance.now() - startedAt) / 1_000);
  await spine[Symbol.asyncDispose]();
  console.log(
    `${backlog} ready jobs of one organization (${left} left when measured, ${rate.toFixed(0)}/s): another's begins after ` +
      `${middle.toFixed(1)} ms (worst ${worst.toFixed(1)}), ${quiet.toFixed(1)} ms without them`,
  );
}

async function countReady(spine: TestSpine): Promise<number> {
  const { rows } = await spine.hub.driver.query({
    sql: "select count(*) as many from jobs_active where state = 'ready'",
    parameters: [],
  });
  return Number(rows[0]?.["many"] ?? 0);
}

/** What sharing costs: the same number of jobs, of one organization and of many. */
async function costOfSharing(): Promise<void> {
  const rateOf = async (organizations: number): Promise<number> => {
    const engine = await open();
    const { spine } = engine;
    const each = Math.floor(count / organizations);
    for (const index of upTo(organizations)) {
      await fill(spine, [`o${index}`, "free"], { many: each });
    }
    const done = engine.ran(each * organizations);
    const startedAt = performance.now();
    await spine.jobs.start();
    await done;
    const rate = (each * organizations) / ((performance.now() - startedAt) / 1_000);
    await spine[Symbol.asyncDispose]();
    return rate;
  };
  await rateOf(1);
  const one = await rateOf(1);
  const many = [];
  for (const organizations of [2, 64, 500]) {
    many.push(`${organizations}: ${((await rateOf(organizations)) / one).toFixed(2)}`);
  }
  console.log(
    `jobs of one organization ${one.toFixed(0)}/s; of several, of that rate: ${many.join(", ")}`,
  );
}

printMachine();
await stuckKey();
await otherOrganization();
await costOfSharing();
