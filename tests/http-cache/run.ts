// Measures the gateway's cache by the public list of tests for HTTP caches: `npm run cache-tests [-- --write | --defaults]`.
// Prints how many of each kind passed and every one that did not; `--write` keeps that in docs/cache-tests.md.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPortico } from "../../packages/server/src/index.ts";
import { freePort } from "../chaos/server-process.ts";
import { plainFetch } from "./client.ts";
import { report } from "./report.ts";
import { openSuite } from "./suite.ts";

/** What the list asks of a cache, and an API does not: to guess lifetimes, and to store what sets cookies. */
const WIDE = { heuristicPercent: 10, storeCookies: true };
const CACHE = process.argv.includes("--defaults") || WIDE;
const PAGE = fileURLToPath(new URL("../../docs/cache-tests.md", import.meta.url));

const suite = await openSuite();
const port = await freePort();
const origin = spawn(process.execPath, [join(suite.folder, "server/server.mjs")], {
  cwd: suite.folder,
  env: {
    npm_config_protocol: "http",
    npm_config_port: String(port),
    npm_config_pidfile: "/dev/null",
  },
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  await once(origin.stdout, "data");
  origin.stdout.resume();
  const upstream = `http://127.0.0.1:${port}`;
  const portico = await createPortico({
    data: ":memory:",
    log: { level: "silent" },
    gateway: { apis: [{ id: "origin", upstream, cache: CACHE }] },
  });
  await portico.start();
  const { url } = await portico.listen("127.0.0.1", 0);
  await suite.run(plainFetch, url);
  await portico.stop();
} finally {
  origin.kill();
}
const { text, page } = report(suite, CACHE);
process.stdout.write(text);
if (process.argv.includes("--write")) writeFileSync(PAGE, page);
process.exit();
