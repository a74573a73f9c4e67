// The long form: `node tests/chaos/run.ts [--postgres] [--kills 500] [--events 1000000] [--paused 100] [--cli main.js]
// [--report file]`. Prints the report as JSON and ends with 1 when a promise is broken.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  cloneDatabase,
  startPostgres,
} from "../../packages/server/src/kernel/testing/postgres-server.ts";
import { killLoop } from "./kill-loop.ts";
import { brokenPromises, type KillLoopReport } from "./report.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "500" },
    events: { type: "string", default: "1000000" },
    paused: { type: "string", default: "100" },
    batch: { type: "string", default: "100" },
    lanes: { type: "string", default: "8" },
    postgres: { type: "boolean", default: false },
    cli: { type: "string" },
    report: { type: "string" },
  },
});

// The exit kills whatever server is running.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const postgres = values.postgres ? await startPostgres() : undefined;
try {
  const report = await killLoop({
    kills: Number(values.kills),
    accepted: Number(values.events),
    killsInCommit: Number(values.paused),
    batch: Number(values.batch),
    lanes: Number(values.lanes),
    deliveredEvery: 10,
    webhooks: 4,
    roundMs: { min: 100, max: 900 },
    ...(values.cli === undefined ? {} : { cli: values.cli }),
    ...(postgres === undefined
      ? {}
      : { postgresUrl: await cloneDatabase(postgres.url, "portico_chaos") }),
    onRound: tell,
  });
  tell(report);
  const broken = brokenPromises(report);
  process.stdout.write(`${JSON.stringify({ ...report, broken }, null, 2)}\n`);
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  await postgres?.stop();
}

function tell(report: KillLoopReport): void {
  const isDone = report.seconds > 0;
  const text = JSON.stringify({ isDone, ...report, broken: isDone ? brokenPromises(report) : [] });
  if (values.report !== undefined) writeFileSync(values.report, `${text}\n`);
  const { kills, killsBeforeCommit, killsAfterCommit, accepted } = report;
  if (kills % 25 !== 0) return;
  process.stderr.write(
    `${kills} kills (${killsBeforeCommit} before, ${killsAfterCommit} after), ${accepted} accepted\n`,
  );
}
