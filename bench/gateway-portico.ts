// One Portico for the gateway's benchmark: an API on port `upstream` under two base paths, bare and with everything on.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPortico } from "../packages/server/src/index.ts";
import { internalCaller } from "../packages/server/src/kernel/index.ts";

const upstream = process.argv[2] ?? "";
// A folder, not memory: the request log is written to its file, as an operator has it.
const data = mkdtempSync(join(tmpdir(), "portico-bench-data-"));
process.on("exit", () => rmSync(data, { recursive: true, force: true }));
process.on("SIGTERM", () => process.exit());
const portico = await createPortico({
  data,
  log: { level: "warn" },
  gateway: {
    apis: [
      { id: "bare", basePath: "/bare", upstream, identity: false },
      { id: "full", basePath: "/full", upstream, auth: "key", rateLimit: "100000000/min" },
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
