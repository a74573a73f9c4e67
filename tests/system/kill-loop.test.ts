import { afterAll, expect, test } from "vitest";
import {
  cloneDatabase,
  startPostgres,
} from "../../packages/server/src/kernel/testing/postgres-server.ts";
import { killLoop, type KillLoopOptions } from "../chaos/kill-loop.ts";
import { brokenPromises } from "../chaos/report.ts";

const SHORT: KillLoopOptions = {
  kills: 20,
  accepted: 2_000,
  killsInCommit: 5,
  batch: 20,
  lanes: 8,
  deliveredEvery: 10,
  webhooks: 4,
  roundMs: { min: 100, max: 700 },
};

const postgres = await startPostgres();
afterAll(() => postgres.stop());

test("what SQLite accepted is stored and delivered, whenever the process is killed", async () => {
  const report = await killLoop(SHORT);
  expect({ ...report, broken: brokenPromises(report) }).toMatchObject({ broken: [] });
}, 240_000);

test("what PostgreSQL accepted is stored and delivered, whenever the process is killed", async () => {
  const postgresUrl = await cloneDatabase(postgres.url, "kill_loop");
  const report = await killLoop({ ...SHORT, postgresUrl });
  expect({ ...report, broken: brokenPromises(report) }).toMatchObject({ broken: [] });
}, 240_000);
