// `npm run bench [gateway|events|webhooks|start] [-- options]`; without a name, all of them one after another.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const scenarios = ["gateway", "events", "webhooks", "start"];
const [wanted, ...args] = process.argv.slice(2);

if (wanted !== undefined && !scenarios.includes(wanted)) {
  console.error(`There is no benchmark '${wanted}'; there are ${scenarios.join(", ")}.`);
  process.exit(2);
}

for (const scenario of wanted === undefined ? scenarios : [wanted]) {
  const script = join(import.meta.dirname, `${scenario}.ts`);
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
