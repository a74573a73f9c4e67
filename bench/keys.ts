// Memory with a million keys stored and ten thousand touched, and what a check of a key costs: `npm run bench keys`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { createPortico } from "../packages/server/src/index.ts";
import { fillRandom, internalCaller, sha256 } from "../packages/server/src/kernel/index.ts";
import { writeKey } from "../packages/server/src/pillars/keys/format.ts";
import { printMachine } from "./figures.ts";

const { values } = parseArgs({
  options: {
    stored: { type: "string", default: "1000000" },
    touched: { type: "string", default: "10000" },
  },
});
const stored = Number(values.stored);
const touched = Number(values.touched);
const COLUMNS =
  "organization, id, name, hash, permissions, instance_permissions, environment, rate_limit, metadata, created_at, created_by, revision";

printMachine();
const data = mkdtempSync(join(tmpdir(), "portico-bench-keys-"));
process.on("exit", () => rmSync(data, { recursive: true, force: true }));
const config = { data, log: { level: "warn" } } as const;
const empty = await createPortico(config);
await empty.start();
await empty.stop();
const keys = fill();

const portico = await createPortico(config);
await portico.start();
const megabytes = (): string => `${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MB`;
console.log(`${stored.toLocaleString("en")} keys stored, none touched: RSS ${megabytes()}`);
const context = portico.context("keys");
const first = await pass();
console.log(`${touched.toLocaleString("en")} keys touched: RSS ${megabytes()}`);
console.log(`first check of a key (from the database): ${first.toFixed(1)} µs`);
const again = await pass();
console.log(`second check of a key (from memory): ${again.toFixed(2)} µs`);
const [one = ""] = keys;
const verify = { body: { key: one } };
const startedAt = performance.now();
for (let round = 0; round < 5_000; round += 1) {
  await portico.call("keys.verify", verify, internalCaller("default"));
}
const perCall = ((performance.now() - startedAt) * 1_000) / 5_000;
console.log(`POST /keys/verify as a function, one after another: ${perCall.toFixed(1)} µs`);
await portico.stop();

/** Microseconds for one key, over all that are touched. */
async function pass(): Promise<number> {
  const startedAt = performance.now();
  for (const key of keys) {
    const request = { headers: { authorization: `Bearer ${key}` }, remoteAddress: "192.0.2.1" };
    const caller = context.access.identify(request);
    if (caller instanceof Promise) await caller;
  }
  return ((performance.now() - startedAt) * 1_000) / keys.length;
}

/** Fills the table beside the server; only the keys that are touched have a text. */
function fill(): readonly string[] {
  const db = new DatabaseSync(join(data, "portico.db"));
  const row = "'[\"events:write\"]', '[]', 'live', 600, '{}', 0, 'bench', 1";
  const texts: string[] = [];
  db.exec("begin");
  const insert = db.prepare(
    `insert into keys_keys (${COLUMNS}) values ('default', ?, 'bench', ?, ${row})`,
  );
  for (let index = 0; index < touched; index += 1) {
    const id = `key_${String(index).padStart(26, "0")}`;
    const text = writeKey({ prefix: "ptc", environment: "live", id }, fillRandom);
    insert.run(id, sha256(text));
    texts.push(text);
  }
  db.exec(
    `insert into keys_keys (${COLUMNS})
     with recursive n(i) as (select ${touched} union all select i + 1 from n where i + 1 < ${stored})
     select 'default', 'key_' || printf('%026d', i), 'bench', randomblob(32), ${row} from n`,
  );
  db.exec("commit");
  db.close();
  return texts;
}
