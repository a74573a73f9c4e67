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
import { freePort } from "../chaos/server-process.ts";
import { brokenInStorm, storm, type Storm, type StormOptions } from "../chaos/storm.ts";

const postgres = await startPostgres();
afterAll(() => postgres.stop());

const FAST_RETRIES = { webhooks: { retryWaitsMs: Array<number>(30).fill(300), timeoutMs: 1_000 } };
const SHORT = { acceptedEach: 200, webhooks: 4, recoveryMs: 5_000 } as const;

let clones = 0;
async function database(dialect: "sqlite" | "postgres"): Promise<{ postgresUrl?: string }> {
  if (dialect === "sqlite") return {};
  clones += 1;
  return { postgresUrl: await cloneDatabase(postgres.url, `storm_${clones}`) };
}

async function weather(
  options: StormOptions,
  trouble: (at: Storm) => Promise<void>,
): Promise<number> {
  const report = await storm(options, trouble);
  expect({ ...report, broken: brokenInStorm(report, options) }).toMatchObject({ broken: [] });
  expect(report.accepted).toBeGreaterThanOrEqual(2 * options.acceptedEach);
  return report.refused;
}

describe.each(["sqlite", "postgres"] as const)("with %s", (dialect) => {
  test("receivers that hang, break connections and answer 500 for a while get everything", async () => {
    const options = { ...SHORT, ...(await database(dialect)), config: FAST_RETRIES };
    await weather(options, async ({ receiver }) => {
      for (const manners of ["hang", "reset", { status: 500 }, { status: 429 }] as const) {
        receiver.behave(manners);
        await sleep(1_500);
      }
      receiver.behave("answer");
    });
  });

  test("a process that stood still for longer than its leases goes on, and delivers nothing twice too often", async () => {
    const options = { ...SHORT, ...(await database(dialect)) };
    await weather(options, async ({ server }) => {
      process.kill(server.pid, "SIGSTOP");
      await sleep(20_000);
      process.kill(server.pid, "SIGCONT");
    });
  });

  test("a clock stepped two hours ahead and back stops nothing", async () => {
    const options = { ...SHORT, ...(await database(dialect)), config: FAST_RETRIES };
    const hook = fileURLToPath(new URL("../chaos/stepped-clock.mjs", import.meta.url));
    await weather(options, async (at) => {
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
  });
});

test("PostgreSQL that crashes and comes back, and cuts every connection, costs refusals and nothing else", async () => {
  const { postgresUrl = "" } = await database("postgres");
  const options = { ...SHORT, postgresUrl, refusals: [503], recoveryMs: 15_000 };
  const refused = await weather(options, async ({ accepted }) => {
    await postgres.restart();
    await accepted(50);
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
  expect(refused).toBeGreaterThan(0);
});

test("a process that stood still while another took its work over writes nothing more of it", async () => {
  const { postgresUrl = "" } = await database("postgres");
  await weather({ ...SHORT, postgresUrl }, async (at) => {
    const other = await at.place.start({}, await freePort());
    const { pid } = at.server;
    process.kill(pid, "SIGSTOP");
    await sleep(20_000);
    process.kill(pid, "SIGCONT");
    await at.accepted(50);
    await other.stop();
  });
});
