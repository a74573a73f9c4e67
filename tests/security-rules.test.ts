import { describe, expect, test } from "vitest";
import { crc32Base62 } from "../packages/server/src/base/index.ts";
import { belowMinimum, isBelow, readAudit } from "../scripts/security/advisories.ts";
import { judge, staleExceptions } from "../scripts/security/exceptions.ts";
import { lookAtLock } from "../scripts/security/lock.ts";
import type { Locked } from "../scripts/security/lock.ts";
import { lookAtComparisons } from "../scripts/security/rules/comparisons.ts";
import { lookAtOutbound } from "../scripts/security/rules/outbound.ts";
import { lookAtPowers } from "../scripts/security/rules/powers.ts";
import { lookAtSql } from "../scripts/security/rules/sql.ts";
import { billOf, faultsOf } from "../scripts/security/sbom.ts";
import { secretsAdded, secretsIn } from "../scripts/security/secrets.ts";
import { parseSource } from "../scripts/security/sources.ts";

const PLACE = "pillars/keys/verify.ts";

describe("SQL from values is found", () => {
  test.each([
    "export const f = (id: string) => run(`select * from t where id = '${id}'`);",
    "export const f = (id: string) => run('delete from t where id = ' + id);",
    "export const f = (id: string) => ({ sql: `${id} = ?`, parameters: [] });",
    "export const f = (id: string) => ({ sql: to(`x = ${id}`), parameters: [] });",
    "export const f = (order: string) => sql.raw(`order by ${order}`);",
    "export const f = (text: string) => sql.raw(text);",
    "export function f(id: string) { const where = `id = '${id}'`; return `select 1 from t where ${where}`; }",
    "export function f(id: string) { const c = ['a = ?']; c.push(id); return `select 1 from t where ${c.join()}`; }",
    "export function f(ids: string[]) { return `select 1 from t where id in (${ids.join(', ')})`; }",
    "export function f(q: Query) { return g(q.order); } function g(o: string) { return `select 1 order by ${o}`; }",
    "export const f = (row: Row) => `update t set a = ${row.a}`;",
    "export const f = (name: string) => db.exec(`pragma ${name}`);",
    "export const f = () => `insert into t values (${readLine()})`;",
    "export const f = ({ id }: Query) => `select 1 from t where id = ${id}`;",
    "let id = 'a'; export const set = (to: string) => { id = to; }; export const f = () => `select ${id}`;",
  ])("%s", (text) => {
    expect(lookAtSql(parseSource(PLACE, text))).not.toEqual([]);
  });

  test.each([
    "const COLUMNS = 'a, b'; export const f = () => `select ${COLUMNS} from t where id = ?`;",
    "import { COLUMNS } from './tables.ts'; export const text = `select ${COLUMNS} from t`;",
    "export const f = (id: string) => sql`select * from t where id = ${id}`;",
    "export const f = (d: Dialect) => `select 1 limit ${d === 'sqlite' ? '?' : '$1'}`;",
    "export const f = (ids: string[]) => `select 1 from t where id in (${ids.map(() => '?').join(', ')})`;",
    "const marks = (n: number) => Array.from({ length: n }, () => '?').join(); export const f = () => `insert into t values (${marks(3)})`;",
    "for (const t of ['a', 'b']) run(`create table ${t} (id text)`);",
    "export function f() { return g('desc'); } function g(o: string) { return `select 1 order by ${o}`; }",
    "export const f = (name: string) => `listen ${escapeIdentifier(name)}`;",
    "export const f = (name: string) => `select a plan for ${1 + 1}`;",
  ])("and nothing in %s", (text) => {
    expect(lookAtSql(parseSource(PLACE, text))).toEqual([]);
  });
});

describe("a call past the guarded client is found", () => {
  const doors = [
    "await fetch(url);",
    "const call = globalThis.fetch;",
    "const by = options.fetch ?? fetch;",
    `import { request } from "node:https";`,
    `import http from "node:http";`,
    `import * as tls from "tls";`,
    `import { connect as dial } from "node:net";`,
    `import { Pool } from "undici";`,
    `import { lookup } from "node:dns/promises";`,
    `const net = await import("node:net");`,
    `const http = require("http");`,
    "new WebSocket(url);",
  ];

  test.each(doors)("%s", (text) => {
    expect(lookAtOutbound(parseSource(PLACE, text))).toHaveLength(1);
    expect(lookAtOutbound(parseSource("kernel/outbound/pools.ts", text))).toEqual([]);
  });

  test.each([
    `import { createServer, type ClientRequest } from "node:http";`,
    `import type { Socket } from "node:net";`,
    `import { isIP } from "node:net";`,
    "await ctx.outbound.request({ url });",
    "cache.fetch(id);",
    "type Fetch = typeof fetch;",
  ])("and nothing in %s", (text) => {
    expect(lookAtOutbound(parseSource(PLACE, text))).toEqual([]);
  });
});

describe("a comparison that leaks is found", () => {
  test.each([
    "given === row.secret",
    "signature !== expected",
    "hashOf(a) == b.tokenHash",
    "this.#mac(payload) === sent",
    "expected.equals(hmac)",
    "Buffer.compare(digest, given) === 0",
  ])("%s", (text) => {
    expect(lookAtComparisons(parseSource(PLACE, text))).toHaveLength(1);
  });

  test.each(["secret === undefined", `url.hash !== ""`, "secret.length === 32", "a.id === b.id"])(
    "and nothing in %s",
    (text) => {
      expect(lookAtComparisons(parseSource(PLACE, text))).toEqual([]);
    },
  );
});

test.each([
  ["chance", "Math.random();"],
  ["chance", "const by = Math['random'];"],
  ["process", `import { exec } from "node:child_process";`],
  ["process", `await import("child_process");`],
  ["process", `process.getBuiltinModule("node:child_process");`],
  ["code", "eval(text);"],
  ["code", "new Function(text);"],
  ["code", `import vm from "node:vm";`],
  ["code", `setTimeout("run()", 5);`],
  ["environment", `process.env["HOME"];`],
])("a stray power is found: %s by %s", (rule, text) => {
  expect(lookAtPowers(parseSource(PLACE, text)).map((one) => one.rule)).toEqual([rule]);
});

describe("the lock file", () => {
  const good: Locked = { version: "1.0.0", integrity: "sha512-AAAA", dev: true };
  const look = (locked: Locked): string[] =>
    lookAtLock({ packages: { "": {}, "node_modules/a": locked } }, { "": {} }).map(
      ({ rule }) => rule,
    );

  test("passes with hashes alone", () => {
    expect(look(good)).toEqual([]);
  });

  test.each<[string, Locked]>([
    ["lock.integrity", { version: "1.0.0" }],
    ["lock.integrity", { ...good, integrity: "sha1-AAAA" }],
    ["lock.source", { ...good, resolved: "git+ssh://git@example.com/a.git#abc" }],
    ["lock.source", { ...good, resolved: "http://example.com/a.tgz" }],
    ["lock.source", { ...good, resolved: "file:../a.tgz" }],
    ["lock.source", { link: true, resolved: "../elsewhere" }],
    ["lock.registry", { ...good, resolved: "https://registry.example.com/a/-/a-1.0.0.tgz" }],
    ["lock.script", { ...good, hasInstallScript: true }],
  ])("is refused for %s: %j", (rule, locked) => {
    expect(look(locked)).toEqual([rule]);
  });

  test("is refused out of step with a manifest, and without a workspace", () => {
    const packages = { "": { dependencies: { a: "1.0.0" } } };
    const found = lookAtLock(
      { packages },
      { "": { dependencies: { a: "1.0.1" } }, "packages/b": {} },
    );
    expect(found.map(({ rule, at }) => [rule, at])).toEqual([
      ["lock.step", "the root"],
      ["lock.step", "packages/b"],
    ]);
  });
});

describe("advisories", () => {
  test("are never called checked when the registry refused, was away or said nonsense", () => {
    const answers = [
      "",
      "npm error 405 Method Not Allowed",
      `npm warn x\n{ "message": "405", "error": { "summary": "" } }`,
      "{}",
    ];
    expect(answers.map((text) => readAudit(text).isAnswered)).toEqual(answers.map(() => false));
  });

  test("are told from high upwards", () => {
    const vulnerabilities = { a: { severity: "critical" }, b: { severity: "low" } };
    expect(
      readAudit(`npm warn x\n${JSON.stringify({ vulnerabilities }, null, 2)}\n`),
    ).toMatchObject({
      isAnswered: true,
      findings: [{ at: "a" }],
    });
    expect(readAudit(`{ "vulnerabilities": {} }`)).toEqual({ isAnswered: true, findings: [] });
  });

  test("known by name hold a direct dependency to its fixed version", () => {
    const lock = { packages: { "node_modules/a": { version: "5.8.2" } } };
    const minimum = { package: "a", version: "5.8.3", advisories: ["CVE-2026-3635"] };
    const manifests = { "": { dependencies: { a: "5.8.2" } } };
    expect(belowMinimum(lock, manifests, [minimum])).toHaveLength(1);
    expect(belowMinimum(lock, manifests, [{ ...minimum, version: "5.8.2" }])).toEqual([]);
    expect(belowMinimum(lock, { "": {} }, [minimum])).toHaveLength(1);
  });

  test.each([
    ["5.10.0", "5.9.9", false],
    ["5.9.9", "5.10.0", true],
    ["6.0.0-beta.1", "6.0.0", true],
    ["6.0.0", "6.0.0", false],
  ])("order %s against %s by number", (version, least, isOlder) => {
    expect(isBelow(version, least)).toBe(isOlder);
  });
});

// Put together here, so that no file of the tree holds one.
const portico = `ptc_live_01jd${"5gwm3k8rzy".repeat(3).slice(0, 22)}_${"aB3".repeat(15).slice(0, 43)}`;
const SECRETS: readonly (readonly [string, string])[] = [
  ["portico-key", portico + crc32Base62(portico)],
  ["webhook-secret", `whsec_${Buffer.from("0123456789abcdefghijklmnopqrstuv").toString("base64")}`],
  ["aws-key", `AKIA${"ABCD1234".repeat(2)}`],
  ["github-token", `ghp_${"aB3".repeat(12)}`],
  ["npm-token", `npm_${"aB3".repeat(12)}`],
  ["google-key", `AIza${"aB3cd".repeat(7)}`],
  ["slack-token", `xoxb-${"1234567890".repeat(2)}`],
  [
    "slack-hook",
    ["https://hooks.slack.com/services", "T0001", "B0001", "aB3d".repeat(6)].join("/"),
  ],
  ["stripe-live-key", `sk_live_${"aB3d".repeat(6)}`],
  ["private-key", ["-----BEGIN RSA", "PRIVATE", "KEY-----"].join(" ")],
  ["jwt", `eyJ${"hbGciOi".repeat(3)}.eyJ${"zdWIiOi".repeat(3)}.${"c2lnbmVk".repeat(4)}`],
];

describe("a secret is found", () => {
  test.each(SECRETS)("%s, in a file and in history, without being repeated", (name, text) => {
    const [inFile] = secretsIn("a/b.ts", `const a = 1;\nconst b = "${text}";\n`);
    expect(inFile).toEqual({
      rule: `secret.${name}`,
      at: "a/b.ts",
      told: `a ${name} in a/b.ts:2`,
    });
    const patch = `abc1234\n\ndiff --git a/b.ts a/b.ts\n--- /dev/null\n+++ a/b.ts\n@@ -0,0 +1 @@\n+const b = "${text}";\n`;
    expect(secretsAdded(patch).map(({ told }) => told)).toEqual([
      `a ${name} in a/b.ts in commit abc1234`,
    ]);
  });

  test("and nothing in a key whose checksum is wrong, or in an example typed by hand", () => {
    const wrong = portico + crc32Base62(`${portico}x`);
    expect(
      secretsIn("a.md", `${wrong} whsec_${"A".repeat(43)}= sk_test_${"a".repeat(24)}`),
    ).toEqual([]);
  });
});

describe("an exception", () => {
  const finding = { rule: "compare", at: "a.ts", told: "a.ts:1: x" };
  const reason = "a sentence that says why it may be";
  const exception = { rule: "compare", at: "a.ts", reason, until: "2026-12-31" };

  test("excuses what it names until its last day, and nothing else", () => {
    expect(judge([finding], [exception], "2026-12-31")).toEqual([]);
    expect(judge([finding], [exception], "2027-01-01")).toHaveLength(1);
    expect(judge([{ ...finding, at: "b.ts" }], [exception], "2026-12-31")).toHaveLength(1);
    expect(judge([{ ...finding, rule: "sql" }], [exception], "2026-12-31")).toHaveLength(1);
  });

  test("fails once it has ended, excuses nothing, or lacks a date or a reason", () => {
    const stale = (change: object, found = [finding]): number =>
      staleExceptions(found, [{ ...exception, ...change }], "2026-12-31").length;
    expect([stale({}), stale({ until: "2026-12-30" }), stale({}, [])]).toEqual([0, 1, 1]);
    expect([stale({ until: "never" }), stale({ reason: "ok" })]).toEqual([1, 1]);
  });
});

describe("the bill of materials", () => {
  const integrity = `sha512-${Buffer.alloc(64).toString("base64")}`;
  const locked = { version: "1.0.0", integrity, license: "MIT" };
  const packages = {
    "packages/server": {
      version: "0.1.0",
      dependencies: { a: "1.0.0" },
      devDependencies: { c: "1" },
    },
    "node_modules/a": { ...locked, dependencies: { "@s/b": "2.0.0" } },
    "node_modules/a/node_modules/@s/b": { ...locked, version: "2.0.0" },
    "node_modules/@s/b": locked,
    "node_modules/c": locked,
  };

  test("lists what is shipped, resolved as Node does, and nothing of development", () => {
    const bill = billOf({ packages }, "packages/server");
    expect(bill.components.map(({ purl }) => purl)).toEqual([
      "pkg:npm/a@1.0.0",
      "pkg:npm/%40s/b@2.0.0",
    ]);
    expect(bill.components[0]?.hashes).toEqual([{ alg: "SHA-512", content: "00".repeat(64) }]);
    expect(bill.dependencies[0]).toEqual({
      ref: "pkg:npm/portico@0.1.0",
      dependsOn: ["pkg:npm/a@1.0.0"],
    });
    expect(faultsOf(bill)).toEqual([]);
  });

  test("is refused empty, doubled, with a loose end or without hashes", () => {
    const bill = billOf({ packages }, "packages/server");
    const bare = bill.components
      .slice(0, 1)
      .map((one) =>
        Object.fromEntries(Object.entries(one).filter(([field]) => field !== "hashes")),
      ) as unknown as typeof bill.components;
    const broken = [
      { ...bill, components: [], dependencies: [] },
      { ...bill, components: [...bill.components, ...bill.components.slice(1)] },
      { ...bill, dependencies: [{ ref: "pkg:npm/a@1.0.0", dependsOn: ["pkg:npm/gone@1.0.0"] }] },
      { ...bill, components: [...bare, ...bill.components.slice(1)] },
    ];
    expect(broken.map((one) => faultsOf(one).length)).toEqual([1, 1, 1, 1]);
  });
});
