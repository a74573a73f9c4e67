import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "./document.ts";
import { readDocument } from "./read-document.ts";
import type { ReadParts } from "./read-document.ts";
import { routesOf } from "./routes-of.ts";

const info = { title: "Shop", version: "1.2" };
const ok = { responses: { 200: { description: "Good" } } };

function shop(more: JsonObject = {}): JsonObject {
  return {
    openapi: "3.1.0",
    info,
    paths: { "/items": { get: { operationId: "list", ...ok } } },
    ...more,
  };
}

async function mistakesOf(
  source: string | JsonObject,
  parts: ReadParts = {},
): Promise<readonly string[]> {
  const { mistakes } = await readDocument(source, parts);
  return (mistakes ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`);
}

async function folderOf(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "portico-openapi-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

async function read(source: string | JsonObject, parts: ReadParts = {}) {
  const { document, mistakes } = await readDocument(source, parts);
  if (document === undefined) throw new TypeError(JSON.stringify(mistakes));
  return document;
}

describe("a document", () => {
  it("is read from YAML, JSON, with a mark of byte order, and from an object, to the same form", async () => {
    const json = JSON.stringify(shop());
    await using folder = await folderOf({
      "a.json": json,
      "b.yaml":
        "openapi: 3.1.0\ninfo: {title: Shop, version: '1.2'}\npaths:\n  /items:\n    get:\n      operationId: list\n      responses:\n        200: {description: Good}\n",
      "c.txt": `\u{FEFF}${json}`,
    });
    const parts = { folder: folder.path };
    const forms = [
      await read("a.json", parts),
      await read("b.yaml", parts),
      await read("c.txt", parts),
      await read(shop()),
    ];
    for (const { json: form } of forms) expect(form).toStrictEqual(shop());
    expect(forms[0]).toMatchObject({
      title: "Shop",
      version: "1.2",
      basePath: "/",
      given: "3.1.0",
    });
  });

  it("is read from an address, which the operator's networks must allow, and never beyond its size", async () => {
    const server = createServer((request, response) => {
      if (request.url === "/moved") response.writeHead(302, { location: "/shop" }).end();
      else response.end(JSON.stringify(shop()));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { definePlugin } = await import("portico/kernel");
    let outbound: ReadParts["outbound"];
    const plugin = definePlugin({
      id: "reader",
      version: "1.0.0",
      engine: "^1",
      start: (ctx) => {
        ({ outbound } = ctx);
        return Promise.resolve({ stop: () => Promise.resolve() });
      },
    });
    const app = await createTestApp({ plugins: [plugin], outboundAllow: ["127.0.0.0/8"] });
    const parts = outbound === undefined ? {} : { outbound };
    expect((await read(`${base}/shop`, parts)).title).toBe("Shop");
    expect(await mistakesOf(`${base}/moved`, parts)).toStrictEqual([
      expect.stringContaining("answered 302; redirects are not followed"),
    ]);
    expect(await mistakesOf(`${base}/shop`, { ...parts, bytesMax: 20 })).toStrictEqual([
      expect.stringContaining("larger than 20 bytes"),
    ]);
    expect(await mistakesOf(`${base}/shop`)).toStrictEqual([
      expect.stringContaining("is an address"),
    ]);
    await app.stop(1_000);
    const strict = await createTestApp({ plugins: [plugin], outboundAllow: [] });
    expect(
      await mistakesOf(`${base}/shop`, outbound === undefined ? {} : { outbound }),
    ).toStrictEqual([expect.stringContaining("not public")]);
    await strict.stop(1_000);
    server.close();
  });

  it("in 3.0 becomes 3.1: what it said in its own words is said in those of JSON Schema", async () => {
    const given = {
      openapi: "3.0.3",
      info,
      paths: {},
      components: {
        schemas: {
          A: { type: "string", nullable: true, enum: ["a"], example: "a" },
          B: {
            type: "integer",
            minimum: 1,
            exclusiveMinimum: true,
            maximum: 9,
            exclusiveMaximum: false,
          },
          C: {
            nullable: true,
            anyOf: [{ $ref: "#/components/schemas/A", description: "ignored" }],
          },
          D: {
            type: "object",
            properties: {
              nullable: { type: "boolean" },
              example: { type: "string", nullable: true },
            },
          },
          E: { nullable: true, allOf: [{ type: "string" }] },
        },
      },
    };
    const { json } = await read(given);
    expect(json["openapi"]).toBe("3.1.0");
    expect((json["components"] as JsonObject)["schemas"]).toStrictEqual({
      A: { type: ["string", "null"], enum: ["a", null], examples: ["a"] },
      B: { type: "integer", exclusiveMinimum: 1, maximum: 9 },
      C: { anyOf: [{ $ref: "#/components/schemas/A" }, { type: "null" }] },
      D: {
        type: "object",
        properties: { nullable: { type: "boolean" }, example: { type: ["string", "null"] } },
      },
      E: { anyOf: [{ allOf: [{ type: "string" }] }, { type: "null" }] },
    });
  });

  it("may go in cycles through members and items", async () => {
    const node = { type: "object", properties: { next: { $ref: "#/components/schemas/Node" } } };
    const list = { type: "array", items: { $ref: "#/components/schemas/List" } };
    expect(
      await mistakesOf(shop({ components: { schemas: { Node: node, List: list } } })),
    ).toStrictEqual([]);
  });

  it("says who may call: schemes, scopes, alternatives, and what overrides them", async () => {
    const securitySchemes = {
      key: { type: "apiKey", in: "header", name: "X" },
      basic: { type: "http", scheme: "Basic" },
      bearer: { type: "http", scheme: "bearer" },
      oauth: { type: "oauth2", flows: {} },
    };
    const operations: Readonly<Record<string, JsonObject>> = {
      default: {},
      open: { security: [] },
      optional: { security: [{ key: [] }, {}] },
      key: { security: [{ key: [] }] },
      basic: { security: [{ basic: [] }] },
      scopes: { security: [{ oauth: ["gl:write", "gl:read"] }] },
      either: { security: [{ key: [] }, { oauth: ["gl:read"] }] },
      said: {
        security: [{ oauth: ["a"] }],
        "x-portico-auth": "token",
        "x-portico-permissions": ["b"],
        "x-rate-limit": "5/s",
      },
      hidden: { "x-portico-hidden": true },
      old: { deprecated: true, "x-portico-validate": "off", "x-portico-responses": "report" },
    };
    const paths = Object.fromEntries(
      Object.entries(operations).map(([name, each]) => [
        `/${name}`,
        { get: { operationId: name, ...each, ...ok } },
      ]),
    );
    const document = await read({
      openapi: "3.1.0",
      info,
      security: [{ bearer: [] }],
      paths,
      components: { securitySchemes },
    });
    const routes = routesOf(document);
    expect(
      Object.fromEntries(
        routes.map(({ name, auth, permissions }) => [name, [auth, ...permissions]]),
      ),
    ).toStrictEqual({
      default: ["either"],
      open: ["none"],
      optional: ["none"],
      key: ["key"],
      basic: ["key"],
      scopes: ["either", "gl:write", "gl:read"],
      either: ["either", "gl:read"],
      said: ["token", "b"],
      old: ["either"],
    });
    expect(routes.find(({ name }) => name === "said")?.rateLimit).toBe("5/s");
    expect(routes.find(({ name }) => name === "old")).toMatchObject({
      isDeprecated: true,
      validate: "off",
      responses: "report",
    });
    // The operator's word counts more than the document's security, and less than what is said to Portico.
    const told = routesOf(document, { auth: "key", permissions: ["c"], rateLimit: 9 });
    expect(told.find(({ name }) => name === "open")).toMatchObject({
      auth: "key",
      permissions: ["c"],
      rateLimit: 9,
    });
    expect(told.find(({ name }) => name === "said")).toMatchObject({
      auth: "token",
      permissions: ["b"],
      rateLimit: "5/s",
    });
  });

  it("tells twins apart by what their parameters are", async () => {
    const parameter = (name: string, schema: JsonObject): JsonObject => ({
      parameters: [{ name, in: "path", required: true, schema }],
    });
    const uuid = { type: "string", format: "uuid" };
    const document = await read(
      shop({
        paths: {
          "/a/{id}": { ...parameter("id", uuid), get: ok },
          "/a/{name}": { ...parameter("name", { type: "string" }), get: ok, put: ok },
        },
      }),
    );
    expect(
      document.operations.map(({ method, template }) => `${method} ${template}`),
    ).toStrictEqual(["GET /a/{id:uuid}", "GET /a/{name}", "PUT /a/{name}"]);
  });

  it("of 5,000 operations is read within seconds", async () => {
    const paths = Object.fromEntries(
      Array.from({ length: 5_000 }, (_each, index) => [
        `/things${index}/{id}`,
        {
          get: {
            operationId: `get${index}`,
            parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
            responses: {
              200: {
                description: "x",
                content: {
                  "application/json": { schema: { $ref: `#/components/schemas/T${index}` } },
                },
              },
            },
          },
        },
      ]),
    );
    const schemas = Object.fromEntries(
      Array.from({ length: 5_000 }, (_each, index) => [
        `T${index}`,
        {
          type: "object",
          properties: { next: { $ref: `#/components/schemas/T${(index + 1) % 5_000}` } },
        },
      ]),
    );
    const document = await read(shop({ paths, components: { schemas } }));
    expect(document.operations).toHaveLength(5_000);
  });
});

describe("a document that is refused", () => {
  it.each([
    ["Swagger 2", { swagger: "2.0", info, paths: {} }, '/swagger is Swagger "2.0"'],
    [
      "a later version",
      shop({ openapi: "3.2.0" }),
      '/openapi must be 3.0 or 3.1, as in "3.1.0"; got "3.2.0"',
    ],
    ["no version", { info, paths: {} }, "/openapi must be 3.0 or 3.1"],
    ["a version that is a number", shop({ openapi: 3.1 }), "/openapi must be 3.0 or 3.1"],
    ["no title", shop({ info: undefined }), "/info is missing"],
    ["paths that are a list", shop({ paths: [] }), "/paths must be an object"],
    [
      "a path without its slash",
      shop({ paths: { items: {} } }),
      "/paths/items does not begin with a slash",
    ],
    [
      "a path template of its own kind",
      shop({ paths: { "/{a}{b}": { get: ok } } }),
      "/paths/~1{a}{b} has two parameters with nothing between",
    ],
    ["a query in a path", shop({ paths: { "/a?b=1": { get: ok } } }), "/paths/~1a?b=1 has a query"],
    ["a star in a path", shop({ paths: { "/a/*": { get: ok } } }), "has a *"],
    [
      "an extension nobody knows",
      shop({ "x-portico-auht": "key" }),
      "/x-portico-auht is no extension that Portico knows",
    ],
    [
      "an extension with a wrong value",
      shop({ "x-rate-limit": "often" }),
      "/x-rate-limit must be a whole number",
    ],
    [
      "a schema that no validator can be made of",
      shop({ components: { schemas: { A: { type: "text" } } } }),
      "/components/schemas/A/type must be a type",
    ],
    [
      "a pattern that is none",
      shop({ components: { schemas: { A: { pattern: "(" } } } }),
      "/components/schemas/A/pattern is no regular expression",
    ],
    [
      "a dynamic reference",
      shop({ components: { schemas: { A: { $dynamicRef: "#x" } } } }),
      "$dynamicRef is a dynamic reference",
    ],
    [
      "a reference to nothing",
      shop({ components: { schemas: { A: { $ref: "#/components/schemas/B" } } } }),
      "/components/schemas/A/$ref refers to '#/components/schemas/B', which is not there",
    ],
    [
      "a reference to a prototype",
      shop({ components: { schemas: { A: { $ref: "#/components/schemas/constructor" } } } }),
      "which is not there",
    ],
    [
      "a reference to itself",
      shop({ components: { schemas: { A: { $ref: "#/components/schemas/A" } } } }),
      "which refers to itself",
    ],
    [
      "a cycle for one value",
      shop({ components: { schemas: { A: { allOf: [{ $ref: "#/components/schemas/A" }] } } } }),
      "leads back to itself for the same value",
    ],
  ])("for %s says so with its place", async (_title, source, expected) => {
    expect((await mistakesOf(source as JsonObject)).join("\n")).toContain(expected);
  });

  it("tells all of its mistakes at once", async () => {
    const broken = {
      openapi: "3.1.0",
      info,
      paths: {
        "/a": { get: { operationId: "same", ...ok }, post: { operationId: "same", ...ok } },
        "/b/{x}": { get: ok },
        "/b/{y}": { get: ok },
        "/c": { get: { ...ok, parameters: [{ $ref: "other.yaml#/P" }] } },
        "/d/{": { get: ok },
      },
    };
    const mistakes = await mistakesOf(broken);
    expect(mistakes).toHaveLength(4);
    expect(mistakes.join("\n")).toMatch(
      /other\.yaml#\/P', outside the document; allow it with remoteRefs/,
    );
    expect(mistakes).toContainEqual(
      expect.stringContaining(
        "/paths/~1a/post/operationId is 'same', as is the one at /paths/~1a/get",
      ),
    );
    expect(mistakes).toContainEqual(
      expect.stringContaining("/paths/~1b~1{y}/get takes the same paths as /b/{x}"),
    );
    expect(mistakes).toContainEqual(expect.stringContaining("/paths/~1d~1{ has a brace"));
  });

  it.each([
    [
      "twice.json",
      '{"openapi":"3.1.0","openapi":"3.0.0","info":{},"paths":{"/a":{},"\\u002fa":{}}}',
      ["/openapi is there twice", "/paths/~1a is there twice"],
    ],
    [
      "twice.yaml",
      "openapi: 3.1.0\ninfo: {}\npaths:\n  /a: {}\n  /a: {}\n",
      ["/paths/~1a is there twice"],
    ],
    ["bomb.yaml", bomb(), ["stand for more than 100000 nodes"]],
    ["ring.yaml", "a: &a\n  b: *a\n", ["nested deeper than 200 levels"]],
    ["deep.yaml", `${"[".repeat(100_000)}`, [""]],
    [
      "deep.json",
      `{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
      ["nested deeper than 200 levels"],
    ],
    ["list.yaml", "- a\n", ["must be an object"]],
    ["broken.yaml", "a: [1\n", ["is not YAML that can be read"]],
    ["tag.yaml", "a: !!js/function x\n", ["is not YAML that can be read"]],
    ["key.yaml", "? [a]\n: 1\n", ["has a key that is no text"]],
    ["two.yaml", "a: 1\n---\nb: 1\n", ["is not YAML that can be read"]],
    ["number.yaml", "a: .inf\n", ["a value that JSON does not have"]],
  ])("%s is no text that two readers would read alike", async (name, text, expected) => {
    await using folder = await folderOf({ [name]: text });
    const mistakes = await mistakesOf(name, { folder: folder.path });
    expect(mistakes.length).toBeGreaterThan(0);
    for (const part of expected) expect(mistakes.join("\n")).toContain(part);
  });

  it("names the file that is missing, too large, no file, or no text", async () => {
    await using folder = await folderOf({ "big.json": "x".repeat(100), "latin.json": "x" });
    await writeFile(join(folder.path, "latin.json"), Buffer.from([0xff, 0xfe, 0x00]));
    const parts = { folder: folder.path, bytesMax: 50 };
    expect(await mistakesOf("none.yaml", parts)).toStrictEqual([
      expect.stringContaining("cannot be read (ENOENT)"),
    ]);
    expect(await mistakesOf("big.json", parts)).toStrictEqual([
      expect.stringContaining("larger than 50 bytes"),
    ]);
    expect(await mistakesOf(".", parts)).toStrictEqual([expect.stringMatching(/no file|EISDIR/)]);
    expect(await mistakesOf("latin.json", parts)).toStrictEqual([
      expect.stringContaining("not text in UTF-8"),
    ]);
  });

  it("keeps `__proto__` a name like any other", async () => {
    await using folder = await folderOf({
      "a.yaml":
        "openapi: 3.1.0\ninfo: {title: a, version: b}\npaths: {}\n__proto__: {polluted: true}\n",
    });
    const document = await read("a.yaml", { folder: folder.path });
    expect(Object.getPrototypeOf(document.json)).toBe(Object.prototype);
    expect(Object.hasOwn(document.json, "__proto__")).toBe(true);
    expect(({} as JsonObject)["polluted"]).toBeUndefined();
  });
});

describe("references to other documents", () => {
  const root = `
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /items:
    $ref: paths.yaml#/items
  /tree:
    get:
      responses:
        '200':
          description: Good
          content: {application/json: {schema: {$ref: 'schemas.yaml#/Tree'}}}
components: {schemas: {Item: {type: string}}}
`;
  const files = {
    "root.yaml": root,
    "paths.yaml":
      "items:\n  get:\n    operationId: listItems\n    responses:\n      '200':\n        description: Good\n        content: {application/json: {schema: {$ref: 'schemas.yaml#/Item'}}}\n",
    "schemas.yaml":
      "Item: {type: object, nullable: true, properties: {own: {$ref: 'root.yaml#/components/schemas/Item'}}}\nTree: {type: object, properties: {left: {$ref: '#/Tree'}, item: {$ref: '#/Item'}}}\n",
  };

  it("are refused unless they are allowed", async () => {
    await using folder = await folderOf(files);
    const mistakes = await mistakesOf("root.yaml", { folder: folder.path });
    expect(mistakes).toHaveLength(2);
    expect(mistakes[0]).toContain("outside the document");
  });

  it("are drawn in once allowed, cycles and names that are taken included", async () => {
    await using folder = await folderOf(files);
    const document = await read("root.yaml", { folder: folder.path, remoteRefs: true });
    expect(document.operations.map(({ id }) => id)).toStrictEqual(["listItems", "GET /tree"]);
    const { schemas } = document.json["components"] as { readonly schemas: JsonObject };
    expect(schemas).toMatchObject({
      Item: { type: "string" },
      Item_2: {
        type: ["object", "null"],
        properties: { own: { $ref: "#/components/schemas/Item" } },
      },
      Tree: {
        properties: {
          left: { $ref: "#/components/schemas/Tree" },
          item: { $ref: "#/components/schemas/Item_2" },
        },
      },
    });
  });

  it("say which file is missing", async () => {
    await using folder = await folderOf({ "root.yaml": root });
    const mistakes = await mistakesOf("root.yaml", { folder: folder.path, remoteRefs: true });
    expect(mistakes.join("\n")).toMatch(
      /\/paths\/~1items\/\$ref the file .*paths\.yaml cannot be read \(ENOENT\)/,
    );
  });
});

function bomb(): string {
  const lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"];
  for (let index = 1; index < 12; index += 1) {
    lines.push(
      `a${index}: &a${index} [${Array.from({ length: 10 }, () => `*a${index - 1}`).join(",")}]`,
    );
  }
  return lines.join("\n");
}
