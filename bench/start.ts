// Time until ready and memory when idle, from source and from the installed package, each in a fresh folder.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { run } from "../scripts/run.ts";
import { freePort, startServer } from "../tests/chaos/server-process.ts";
import { printMachine, spread } from "./figures.ts";
import { residentMegabytes } from "./memory.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "5" }, idle: { type: "string", default: "5" } },
});

/** Packs and installs into a folder outside the repository; answers its program. */
async function install(folder: string): Promise<string> {
  await writeFile(join(folder, "package.json"), `{ "private": true }`);
  const packed = await run(["node", "scripts/pack.ts"]);
  const tarball = packed.output.trim().split("\n").at(-1) ?? "";
  const command = ["npm", "install", "--prefer-offline", "--no-audit", "--no-fund", tarball];
  const { code, output } = await run(command, { cwd: folder });
  if (code !== 0) throw new TypeError(`The package cannot be installed:\n${output}`);
  return join(folder, "node_modules/portico/dist/cli/main.js");
}

interface Start {
  readonly readyMs: number;
  readonly megabytes: number;
}

async function measure(cli: string | undefined): Promise<Start> {
  const folder = await mkdtemp(join(tmpdir(), "portico-start-"));
  try {
    const port = await freePort();
    const server = await startServer({ folder, port, ...(cli === undefined ? {} : { cli }) });
    await sleep(Number(values.idle) * 1_000);
    const megabytes = await residentMegabytes(server.pid);
    await server.stop();
    return { readyMs: server.readyMs, megabytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function report(name: string, cli: string | undefined): Promise<void> {
  // The first start fills the compile cache and the disk's.
  await measure(cli);
  const starts: Start[] = [];
  for (let count = 0; count < Number(values.runs); count += 1) starts.push(await measure(cli));
  const ready = spread(starts.map(({ readyMs }) => readyMs));
  const memory = spread(starts.map(({ megabytes }) => megabytes));
  console.log(
    `${name}: ready after ${ready} ms, ${memory} MB resident after ${values.idle} s idle`,
  );
}

printMachine();
console.log("A fresh data folder each time, so every start lays out and migrates its database.");
await report("from source", undefined);
const app = await mkdtemp(join(tmpdir(), "portico-start-package-"));
try {
  await report("from the package", await install(app));
} finally {
  await rm(app, { recursive: true, force: true });
}
