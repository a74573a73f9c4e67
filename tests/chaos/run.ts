// The long form: `node tests/chaos/run.ts --kills 500 --events 1000000 [--postgres]`. Prints the report as JSON.
import { parseArgs } from "node:util";
import { killLoop } from "./kill-loop.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "500" },
    events: { type: "string", default: "1000000" },
    postgres: { type: "string" },
    batch: { type: "string", default: "100" },
    lanes: { type: "string", default: "8" },
  },
});

const report = await killLoop({
  kills: Number(values.kills),
  acceptedAtLeast: Number(values.events),
  batch: Number(values.batch),
  lanes: Number(values.lanes),
  deliveredEvery: 25,
  roundMs: { min: 200, max: 1_200 },
  ...(values.postgres === undefined ? {} : { postgresUrl: values.postgres }),
  onRound: ({ kills, accepted }) => {
    if (kills % 25 === 0) process.stderr.write(`${kills} kills, ${accepted} accepted\n`);
  },
});
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
const isKept = report.lost === 0 && report.undelivered === 0 && report.surprises.length === 0;
process.exitCode = isKept && report.duplicates <= report.duplicatesAllowed ? 0 : 1;
