import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "typebox";
import { describe, expect, test } from "vitest";
import { definePlugin } from "../contract/index.ts";
import type { LoadOptions } from "./load.ts";
import { loadConfig, mistakeText, printConfig, secret } from "./index.ts";

const gateway = definePlugin({
  id: "gateway",
  version: "1.0.0",
  engine: "^1",
  settings: Type.Object({
    apis: Type.Array(
      Type.Object({
        id: Type.String({ minLength: 1 }),
        upstream: Type.String(),
        auth: Type.Union(
          [
            Type.Object({ kind: Type.Literal("none") }),
            Type.Object({
              kind: Type.Literal("key"),
              header: Type.String({ default: "x-api-key" }),
            }),
          ],
          { default: { kind: "none" } },
        ),
      }),
      { default: [] },
    ),
    apiToken: Type.Optional(secret()),
    timeoutMs: Type.Integer({ minimum: 1, default: 30_000 }),
  }),
});

async function folder(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "portico-config-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

function load(cwd: string, more: Partial<LoadOptions> = {}) {
  return loadConfig({ cwd, env: {}, mode: "test", plugins: [gateway], ...more });
}

async function loaded(cwd: string, more: Partial<LoadOptions> = {}) {
  const result = await load(cwd, more);
  if (!result.ok) throw new TypeError(result.reason.map(mistakeText).join("\n"));
  return result.value;
}

async function mistakes(cwd: string, more: Partial<LoadOptions> = {}) {
  const result = await load(cwd, more);
  return result.ok ? [] : result.reason;
}

const TEN_MISTAKES = `export default {
  sever: {},
  server: { port: "80a", hots: "x", publicUrl: "ftp://x", trustedProxies: ["10.0.0.0/33"] },
  database: { url: "mysql://u:hunter2@h/d" },
  organization: "Not A Slug",
  log: { level: "loud" },
  gateway: { apis: [{ id: 7, upstrem: "http://x" }], timeoutMs: 0 },
};`;

describe("mistakes", () => {
  test("are all told at once, with place, value, expectation and suggestion", async () => {
    await using at = await folder({ "portico.config.ts": TEN_MISTAKES });
    const found = await mistakes(at.path);
    const lines = found.map(mistakeText).map((line) => line.replace(" (portico.config.ts)", ""));
    expect(lines.toSorted()).toEqual([
      "database.url: got a secret (string), expected a connection string that starts with postgres://",
      "gateway.apis[0].id: got 7, expected text of at least 1 characters",
      "gateway.apis[0].upstream: got nothing, expected text",
      "gateway.apis[0].upstrem: got an unknown setting, expected one of id, upstream, auth; did you mean upstream?",
      "gateway.timeoutMs: got 0, expected an integer of at least 1",
      'log.level: got "loud", expected one of "debug", "info", "warn", "error", "silent"',
      'organization: got "Not A Slug", expected a slug: a-z, 0-9 and -, starting with a letter',
      "server.hots: got an unknown setting, expected one of host, port, publicUrl, trustedProxies, cors, bodyBytesMax, basePath, ownHost, shutdownDelayMs; did you mean host?",
      'server.port: got "80a", expected an integer from 0 to 65535',
      'server.publicUrl: got "ftp://x", expected a URL that starts with http:// or https://',
      'server.trustedProxies[0]: got "10.0.0.0/33", expected an address or range such as 10.0.0.0/8',
      "sever: got an unknown setting, expected one of gateway, server, database, data, organization, log, outbound, keyring; did you mean server?",
    ]);
    expect(found.every((mistake) => mistake.source === "portico.config.ts")).toBe(true);
  });

  test("name the variable that holds the wrong value, not the file", async () => {
    await using at = await folder({ "portico.config.json": "{}", ".env": "PORT=eighty\n" });
    expect((await mistakes(at.path)).map(mistakeText)).toEqual([
      'server.port: got "eighty", expected an integer from 0 to 65535 (PORT in .env)',
    ]);
  });

  test("never show the value of a secret", async () => {
    await using at = await folder({ "portico.config.ts": TEN_MISTAKES });
    expect(JSON.stringify(await mistakes(at.path))).not.toContain("hunter2");
  });

  test("of a union are those of the member that fits best", async () => {
    const text = JSON.stringify({
      gateway: { apis: [{ id: "a", upstream: "u", auth: { kind: "key", heder: "x" } }] },
    });
    await using at = await folder({ "portico.config.json": text });
    expect((await mistakes(at.path)).map(({ path, didYouMean }) => [path, didYouMean])).toEqual([
      ["gateway.apis[0].auth.heder", "header"],
    ]);
  });

  test("in the file's own code are told as its mistake", async () => {
    await using at = await folder({ "portico.config.ts": "throw new Error('no such thing');" });
    expect((await mistakes(at.path)).map(mistakeText)).toEqual([
      "portico.config.ts: got Error: no such thing, expected a file that loads",
    ]);
  });

  test("include two configuration files and one that is not there", async () => {
    await using at = await folder({ "portico.config.ts": "", "portico.config.json": "{}" });
    expect((await mistakes(at.path))[0]?.got).toBe("portico.config.ts and portico.config.json");
    expect((await mistakes(at.path, { file: "other.ts" }))[0]?.path).toBe("--config");
  });

  test("include what is no plugin", async () => {
    await using at = await folder({
      "portico.config.ts": "export default { plugins: [{ id: 1 }] }",
    });
    expect((await mistakes(at.path)).map(({ path }) => path)).toEqual(["plugins[0]"]);
  });
});

describe("precedence", () => {
  const layers: readonly (readonly [
    string,
    Partial<LoadOptions>,
    Readonly<Record<string, string>>,
  ])[] = [
    ["default", {}, {}],
    ["file", {}, { "portico.config.ts": "export default { server: { port: 1 } }" }],
    [".env", {}, { ".env": "PORT=2" }],
    [".env.local", {}, { ".env.local": "PORT=3" }],
    ["environment", { env: { PORT: "4" } }, {}],
    ["own name", { env: { PORT: "4", PORTICO_SERVER_PORT: "5" } }, {}],
    ["flag", { flags: { "server.port": "6" } }, {}],
  ];
  const ports = [8080, 1, 2, 3, 4, 5, 6];

  test.each(layers.map(([name], index) => [name, index] as const))(
    "%s wins over all before it",
    async (_name, index) => {
      const chosen = layers.slice(0, index + 1);
      await using at = await folder(Object.assign({}, ...chosen.map(([, , files]) => files)));
      const options: Partial<LoadOptions> = Object.assign({}, ...chosen.map(([, more]) => more));
      expect((await loaded(at.path, options)).config.server.port).toBe(ports[index]);
    },
  );

  test("is told value by value", async () => {
    await using at = await folder({
      "portico.config.ts": "export default { server: { host: '::1' }, gateway: { timeoutMs: 5 } }",
      ".env": "LOG_LEVEL=x\nPORTICO_LOG_LEVEL=warn",
    });
    const { sources } = await loaded(at.path, { env: { PORT: "1" }, flags: { data: "/tmp/d" } });
    expect(sources).toEqual({
      "server.host": "portico.config.ts",
      "gateway.timeoutMs": "portico.config.ts",
      "log.level": "PORTICO_LOG_LEVEL in .env",
      "server.port": "PORT in environment",
      data: "flag for data",
    });
  });
});

describe("variables", () => {
  test("reach nested settings, lists and plugins", async () => {
    await using at = await folder({});
    const { config } = await loaded(at.path, {
      env: {
        PORTICO_SERVER_CORS__ORIGINS: "https://a.example, https://b.example",
        PORTICO_SERVER__PUBLIC_URL: "https://x.example/",
        PORTICO_OUTBOUND_ALLOW: '["127.0.0.0/8"]',
        PORTICO_GATEWAY_TIMEOUT_MS: "7",
        PORTICO_GATEWAY_APIS: '[{"id":"a","upstream":"http://u"}]',
        PORTICO_DATA: "elsewhere",
      },
    });
    expect(config.server.cors.origins).toEqual(["https://a.example", "https://b.example"]);
    expect(config.server.publicUrl).toBe("https://x.example");
    expect(config.outbound.allow).toEqual(["127.0.0.0/8"]);
    expect(config.data).toBe(join(at.path, "elsewhere"));
    expect(config.settings).toEqual({
      gateway: { timeoutMs: 7, apis: [{ id: "a", upstream: "http://u", auth: { kind: "none" } }] },
    });
  });

  test("read a secret from the file that X_FILE names, less one newline at its end", async () => {
    await using at = await folder({ secret: "postgres://u:p@h/d\n\n" });
    const env = { DATABASE_URL_FILE: join(at.path, "secret") };
    const { config, sources } = await loaded(at.path, { env });
    expect(config.database.url).toBe("postgres://u:p@h/d\n");
    expect(sources["database.url"]).toBe("DATABASE_URL_FILE in environment");
  });

  test("refuse X and X_FILE together, and a file that cannot be read", async () => {
    await using at = await folder({});
    const both = { DATABASE_URL: "postgres://h/d", DATABASE_URL_FILE: "/x" };
    expect((await mistakes(at.path, { env: both })).map(mistakeText)).toEqual([
      "DATABASE_URL: got both DATABASE_URL and DATABASE_URL_FILE, expected only one of the two (environment)",
    ]);
    const absent = await mistakes(at.path, {
      env: { PORTICO_GATEWAY_API_TOKEN_FILE: "/not/there" },
    });
    expect(absent.map(mistakeText)).toEqual([
      'PORTICO_GATEWAY_API_TOKEN_FILE: got "/not/there" (ENOENT), expected a readable file (environment)',
    ]);
  });

  test("that nobody knows are warned of, but not what Kubernetes sets", async () => {
    await using at = await folder({});
    const env = {
      PORTICO_SERVER_PROT: "1",
      PORTICO_SERVICE_HOST: "10.0.0.1",
      PORTICO_PORT_80_TCP: "x",
    };
    expect((await loaded(at.path, { env })).warnings).toEqual([
      "PORTICO_SERVER_PROT in environment sets nothing that Portico knows; did you mean PORTICO_SERVER_PORT?",
    ]);
  });
});

describe("the file", () => {
  test.each([
    [
      "a function of mode and env",
      "export default ({ mode, env }) => ({ organization: mode, log: { level: env.L } })",
    ],
    [
      "an async function",
      "export default async ({ mode, env }) => ({ organization: mode, log: { level: env.L } })",
    ],
    [
      "a promise",
      "export default Promise.resolve({ organization: 'test', log: { level: 'warn' } })",
    ],
    [
      "TypeScript",
      "const level: string = 'warn'; export default { organization: 'test', log: { level } }",
    ],
  ])("may be %s", async (_form, text) => {
    await using at = await folder({ "portico.config.ts": text, ".env": "L=warn" });
    const { config } = await loaded(at.path);
    expect([config.organization, config.log.level]).toEqual(["test", "warn"]);
  });

  test("keeps what no default may replace: false, 0 and empty lists", async () => {
    await using at = await folder({
      "portico.config.json": JSON.stringify({ server: { port: 0, cors: {} } }),
    });
    const { config } = await loaded(at.path);
    expect([config.server.port, config.server.cors]).toEqual([0, { origins: [] }]);
  });

  test("cannot reach prototypes", async () => {
    const text = '{"__proto__":{"polluted":1},"server":{"__proto__":{"polluted":1}}}';
    await using at = await folder({ "portico.config.json": text });
    expect((await mistakes(at.path)).map(({ path }) => path)).toContain("__proto__");
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

test("printing hides secrets by type and keeps everything else", async () => {
  await using at = await folder({});
  const env = {
    DATABASE_URL: "postgres://ada:canary-1@h/d?password=canary-3",
    PORTICO_GATEWAY_API_TOKEN: "canary-2",
  };
  const all = printConfig(await loaded(at.path, { env }), [gateway]);
  expect(JSON.stringify(all)).not.toContain("canary");
  const shown = Object.fromEntries(all.map(({ path, value, source }) => [path, [value, source]]));
  expect(shown["database.url"]).toEqual([
    "postgres://ada:secret@h/d?password=secret",
    "DATABASE_URL in environment",
  ]);
  expect(shown["gateway.apiToken"]?.[0]).toBe("[secret]");
  expect(shown["server.port"]).toEqual([8080, "default"]);
});
