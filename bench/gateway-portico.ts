// One Portico for the gateway's benchmark, before the upstream of the first argument: base paths by what is switched on.
// The second argument says whether each request gets a row in the request log.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPortico } from "../packages/server/src/index.ts";
import { internalCaller } from "../packages/server/src/kernel/index.ts";

const [upstream = "", log = "log"] = process.argv.slice(2);
// A folder, not memory: the request log is written to its file, as an operator has it.
const data = mkdtempSync(join(tmpdir(), "portico-bench-data-"));
process.on("exit", () => rmSync(data, { recursive: true, force: true }));
process.on("SIGTERM", () => process.exit());
const key = { auth: "key", identity: false } as const;
const rateLimit = "100000000/min";
const portico = await createPortico({
  data,
  log: { level: "warn" },
  ...(log === "log" ? {} : { insight: { rowsPerSecond: 0, sampleOneIn: 1_000_000 } }),
  gateway: {
    apis: [
      { id: "bare", basePath: "/bare", upstream, identity: false },
      { id: "key", basePath: "/key", upstream, ...key },
      { id: "limit", basePath: "/limit", upstream, ...key, rateLimit },
      { id: "full", basePath: "/full", upstream, auth: "key", rateLimit },
    ],
  },
});
await portico.start();
const made = await portico.call(
  "keys.create",
  { body: { name: "bench", permissions: ["*"] } },
  internalCaller("default"),
);
const { url } = await portico.listen("127.0.0.1", 0);
console.log(JSON.stringify({ url, key: (made.body as { readonly key: string }).key }));
