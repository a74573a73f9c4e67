// Troubles that pass: what was accepted before, within and after them is stored and delivered.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import {
  cloneDatabase,
  startPostgres,
} from "../../packages/server/src/kernel/testing/postgres-server.ts";
import { must } from "../chaos/installation.ts";
import { openReceiver } from "../chaos/receiver.ts";
import { countParked } from "../chaos/stored.ts";
import { brokenInStorm, storm, until, type Storm, type StormOptions } from "../chaos/storm.ts";

const postgres = await startPostgres();
afterAll(() => postgres.stop());

// Receivers are found to be back within half a second: a storm asks for 5 s in all.
const FAST_RETRIES = {
  webhooks: {
    retryWaitsMs: Array<number>(30).fill(300),
    timeoutMs: 1_000,
    probeWaitMs: 200,
    probeWaitMaxMs: 500,
  },
};
const WIDE = 10_000;
const LANES = 16;
const SHORT = { acceptedEach: 200, webhooks: 4, recoveryMs: 5_000 } as const;

let clones = 0;
async function database(dialect: "sqlite" | "postgres"): Promise<{ postgresUrl?: string }> {
  if (dialect === "sqlite") return {};
  clones += 1;
  return { postgresUrl: await cloneDatabase(postgres.url, `storm_${clones}`) };
}

/** Runs a storm; answers what it broke, with all that was found where it broke something. */
async function brokenBy(
  options: StormOptions,
  trouble: (at: Storm) => Promise<void>,
): Promise<readonly unknown[]> {
  const report = await storm(options, trouble);
  const broken = brokenInStorm(report, options);
  return broken.length === 0 ? [] : [...broken, report];
}

describe.each(["sqlite", "postgres"] as const)("with %s", (dialect) => {
  test("receivers that hang, break connections and answer 500 for a while get everything", async () => {
    const options = { ...SHORT, ...(await database(dialect)), config: FAST_RETRIES };
    const broken = await brokenBy(options, async ({ receiver }) => {
      for (const manners of ["hang", "reset", { status: 500 }, { status: 429 }] as const) {
        receiver.behave(manners);
        await sleep(1_500);
      }
      receiver.behave("answer");
    });
    expect(broken).toEqual([]);
  });

  test("a process that stood still for longer than its leases goes on, and delivers nothing twice too often", async () => {
    const options = { ...SHORT, ...(await database(dialect)) };
    const broken = await brokenBy(options, async ({ server }) => {
      process.kill(server.pid, "SIGSTOP");
      await sleep(20_000);
      process.kill(server.pid, "SIGCONT");
    });
    expect(broken).toEqual([]);
  });

  test("a reaction that always throws sets its own events aside and holds up nobody else", async () => {
    const thrower = `{ id: "thrower", version: "1.0.0", engine: "^1", reactions: { refuse: {
      types: ["chaos.delivered.0"], handle: () => Promise.reject(new Error("always")) } } }`;
    const options = {
      ...SHORT,
      ...(await database(dialect)),
      mayPark: true,
      module: (json: string) => `export default { ...${json}, plugins: [${thrower}] };`,
    };
    const report = await storm(options, async ({ place }) => {
      await using reader = await place.read();
      // Tried five times before it is set aside.
      for (let look = 0; look < 300 && (await countParked(reader)) === 0; look += 1)
        await sleep(100);
    });
    expect({ ...report, broken: brokenInStorm(report, options) }).toMatchObject({ broken: [] });
    expect(report.parked).toBeGreaterThan(0);
  });

  test("one event for ten thousand webhooks reaches all of them, over a kill, while others are delivered", async () => {
    const config = { webhooks: { webhooksMax: 2 * WIDE } };
    const options = { ...SHORT, ...(await database(dialect)), config, recoveryMs: 15_000 };
    const broken = await brokenBy(options, async (at) => {
      const { place, receiver } = at;
      const paths = new Set<string>();
      await using wide = await openReceiver(0);
      wide.onArrival = ({ path }) => paths.add(path);
      const subscribe = async (lane: number): Promise<void> => {
        for (let each = lane; each < WIDE; each += LANES) {
          const webhook = { url: `${wide.url}/${each}`, events: ["chaos.wide"] };
          await must(place, 201, ["POST", "/webhooks", webhook]);
        }
      };
      await Promise.all(Array.from({ length: LANES }, (_, lane) => subscribe(lane)));
      await must(place, 202, ["POST", "/events", { type: "chaos.wide", data: {} }]);
      await until(() => paths.size > WIDE / 10, 60_000);
      const before = receiver.taken.size;
      await at.server.kill();
      at.server = await place.start();
      await until(() => paths.size === WIDE && receiver.taken.size > before, 60_000);
      expect(paths.size).toBe(WIDE);
      expect(receiver.taken.size).toBeGreaterThan(before);
    });
    expect(broken).toEqual([]);
  });

  test("a clock stepped two hours ahead and back stops nothing", async () => {
    const options = { ...SHORT, ...(await database(dialect)), config: FAST_RETRIES };
    const hook = fileURLToPath(new URL("../chaos/stepped-clock.mjs", import.meta.url));
    const broken = await brokenBy(options, async (at) => {
      const clock = join(at.place.folder, "clock");
      await at.server.kill();
      at.server = await at.place.start({
        NODE_OPTIONS: `--import=${hook}`,
        STEPPED_CLOCK: clock,
      });
      for (const hours of [2, -2, 0]) {
        writeFileSync(clock, String(hours * 3_600_000));
        at.receiver.behave({ status: 503 });
        await sleep(500);
        at.receiver.behave("answer");
        await at.accepted(100);
      }
    });
    expect(broken).toEqual([]);
  });
});

test("PostgreSQL that crashes and comes back, and cuts every connection, costs refusals and nothing else", async () => {
  const { postgresUrl = "" } = await database("postgres");
  const options = { ...SHORT, postgresUrl, refusals: [503], recoveryMs: 15_000 };
  const report = await storm(options, async (at) => {
    await postgres.restart();
    await at.accepted(50);
    const client = new Client({ connectionString: postgresUrl });
    await client.connect();
    for (let cut = 0; cut < 5; cut += 1) {
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      );
      await sleep(300);
    }
    await client.end();
  });
  expect({ ...report, broken: brokenInStorm(report, options) }).toMatchObject({ broken: [] });
  expect(report.refused).toBeGreaterThan(0);
});

test("a process that stood still while another took its work over writes nothing more of it", async () => {
  const { postgresUrl = "" } = await database("postgres");
  const broken = await brokenBy({ ...SHORT, postgresUrl }, async (at) => {
    const other = await at.place.startAnother();
    const { pid } = at.server;
    process.kill(pid, "SIGSTOP");
    await sleep(20_000);
    process.kill(pid, "SIGCONT");
    await at.accepted(50);
    await other.stop();
  });
  expect(broken).toEqual([]);
});
