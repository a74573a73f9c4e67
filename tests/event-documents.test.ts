// What the event types of everybody become: an AsyncAPI document, judged by the standard's own schema, and TypeScript,
// judged by its compiler.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { root } from "./architecture/plan.ts";

// https://github.com/asyncapi/spec-json-schemas, schemas/3.0.0 (Apache-2.0): without descriptions, and with bindings, of which
// we have none, as any object.
const SPECIFICATION = join(root, "tests/documents/asyncapi-3.0.0.json");

interface AsyncApi {
  readonly channels: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** Names, references and words that are written with care where they land in another language. */
const types = [
  {
    type: "order.placed",
    description: "An order */ came in.\nIt has `lines`.",
    group: "Orders",
    schema: {
      type: "object",
      properties: {
        "ship-to": { $ref: "#/$defs/address", description: "Where */ to." },
        lines: { type: "array", items: { $ref: "#/$defs/line" } },
        state: { enum: ["new", "paid", null, 7, { a: [1] }] },
        extra: { type: "object", additionalProperties: { type: ["number", "null"] } },
        pair: { prefixItems: [{ type: "string" }], items: { type: "boolean" }, type: "array" },
        either: { oneOf: [{ type: "string" }, { type: "object", properties: { a: true } }] },
        never: false,
        literal: { const: { $ref: "#/not/a/reference" } },
      },
      required: ["lines", "undeclared"],
      $defs: {
        address: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        line: {
          type: "object",
          properties: {
            sku: { type: "string" },
            parts: { items: { $ref: "#/$defs/line" }, type: "array" },
          },
          required: ["sku"],
        },
      },
    },
    example: { lines: [{ sku: "a" }], undeclared: 1 },
  },
  { type: "order.gone", description: "", deprecated: true },
];

async function withTypes(): Promise<TestApp> {
  const app = await createTestApp({ plugins: builtIns() });
  for (const type of types) {
    const made = await app.as().post("/event-types", type);
    expect(made.text).toContain(type.type);
  }
  return app;
}

test("the AsyncAPI document of all event types is one by the standard's own schema", async () => {
  await using app = await withTypes();
  const schema = JSON.parse(await readFile(SPECIFICATION, "utf8")) as object;
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const check = ajv.compile(schema);
  const own = (await app.as().get("/asyncapi")).json() as AsyncApi;
  check(own);
  expect(check.errors ?? []).toEqual([]);
  expect(Object.keys(own.channels)).toEqual(
    expect.arrayContaining(["order.placed", "order.gone", "webhook.created", "event_type.created"]),
  );
  expect(own.components.schemas["order.placed"]).toMatchObject({
    properties: {
      "ship-to": { $ref: "#/components/schemas/order.placed/$defs/address" },
      literal: { const: { $ref: "#/not/a/reference" } },
    },
  });
  const open = (await app.inject({ url: "/asyncapi.json" })).json() as AsyncApi;
  check(open);
  expect(check.errors ?? []).toEqual([]);
  expect(Object.keys(open.channels)).toContain("webhook.created");
  expect(Object.keys(open.channels)).not.toContain("order.placed");
  expect(check({ ...open, asyncapi: "2.0.0" })).toBe(false);
});

test("`portico events types` writes TypeScript that compiles, and whose types hold what they say", async () => {
  await using app = await withTypes();
  const verb = app
    .cliVerbs()
    .find(({ verb: { noun, verb: name } }) => `${noun} ${name}` === "events types");
  const written = await verb?.verb.run(verb.ctx, { arguments: {}, options: {} }, () => {});
  const folder = await mkdtemp(join(tmpdir(), "portico-types-"));
  try {
    await writeFile(join(folder, "events.ts"), written?.text ?? "");
    await writeFile(
      join(folder, "use.ts"),
      `import type { EventData, PorticoEvent } from "./events.ts";
export const placed: EventData["order.placed"] = {
  lines: [{ sku: "a", parts: [{ sku: "b" }] }], "ship-to": { city: "Jena" }, undeclared: 1, state: "paid", pair: ["a", true],
};
export function cityOf(event: PorticoEvent): string | undefined {
  return event.type === "order.placed" ? event.data["ship-to"]?.city : undefined;
}
`,
    );
    await writeFile(
      join(folder, "wrong.ts"),
      `import type { EventData } from "./events.ts";
export const noSku: EventData["order.placed"] = { lines: [{}], undeclared: 1 };
export const noSuchState: EventData["order.placed"]["state"] = "lost";
`,
    );
    const args = ["--noEmit", "--strict", "--allowImportingTsExtensions", "--target", "es2024"];
    const files = ["events.ts", "use.ts", "wrong.ts"];
    const tsc = join(root, "node_modules/.bin/tsc");
    const { stdout } = await promisify(execFile)(tsc, [...args, ...files], { cwd: folder }).catch(
      (error: unknown) => error as { stdout: string },
    );
    const places = [...stdout.matchAll(/^(\S+)\((\d+),/gm)].map(
      ([, file, line]) => `${file}:${line}`,
    );
    expect(places, stdout).toEqual(["wrong.ts:2", "wrong.ts:3"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
