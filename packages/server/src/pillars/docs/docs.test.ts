import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { add, ApiDocuments, definePlugin, operation, problem } from "portico/kernel";
import { createTestApp, type TestApp } from "portico/testing";
import { Type } from "typebox";
import { docs } from "./index.ts";

const notes = definePlugin({
  id: "notes",
  version: "1.0.0",
  engine: "^1",
  permissions: { "notes:write": "Write notes" },
  errors: {
    "notes.tooLong": problem(422, "Longer than {max}: <b>no</b>.", "Send `text` in <i>parts</i>."),
  },
  operations: [
    operation({
      id: "notes.create",
      method: "POST",
      path: "/notes/{book}",
      summary: "Create a note",
      access: "notes:write",
      mode: "write",
      idempotent: true,
      audit: "none",
      params: Type.Object({ book: Type.String() }),
      body: Type.Object({ text: Type.String() }),
      replies: { 201: Type.Object({ id: Type.String() }) },
      errors: ["notes.tooLong"],
      example: { path: { book: "b1" }, body: { text: "Buy milk" } },
      handle: () => Promise.resolve({ id: "n1" }),
    }),
  ],
});

const shop = (version: string, serverUrl: string) => ({
  openapi: "3.1.0",
  info: { title: "Shop", version },
  servers: [{ url: `${serverUrl}/shop` }],
  paths: {
    "/orders": { get: { responses: { 200: { description: "ok", content: json } } } },
  },
});
const json = { "application/json": { schema: { type: ["string", "null"] } } };
const documents = new Map<string, ReturnType<typeof shop>>();
const fronted = definePlugin({
  id: "fronted",
  version: "1.0.0",
  engine: "^1",
  contributes: [
    add(ApiDocuments, {
      list: () => [
        { api: "shop", title: "The <shop>", version: "2024-05-01", isCurrent: true },
        { api: "shop", title: "The <shop>", version: "1.0", isCurrent: false },
        { api: "plain", title: "Plain", version: null, isCurrent: true },
      ],
      document: ({ api, version = "2024-05-01", serverUrl }) => {
        if (api !== "shop" || !["2024-05-01", "1.0"].includes(version)) return undefined;
        const known = documents.get(version) ?? shop(version, serverUrl);
        documents.set(version, known);
        return known;
      },
    }),
  ],
});

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp({ plugins: [notes, fronted, docs] });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

test("openapi.json holds every operation with example, refusals, permission and security", async () => {
  const answer = await app.inject({ url: "/openapi.json" });
  expect(answer.status).toBe(200);
  expect(answer.json()).toMatchObject({
    openapi: "3.1.0",
    paths: {
      "/api/v1/notes/{book}": {
        post: {
          operationId: "notes.create",
          tags: ["notes"],
          "x-permission": "notes:write",
          parameters: [
            { name: "book", in: "path", required: true, example: "b1" },
            { name: "Idempotency-Key", in: "header" },
          ],
          requestBody: { content: { "application/json": { example: { text: "Buy milk" } } } },
          responses: {
            201: { content: { "application/json": { schema: { type: "object" } } } },
            401: {},
            403: {},
            422: {
              content: { "application/problem+json": { examples: { "notes.tooLong": {} } } },
            },
          },
        },
      },
      "/api/v1/health": { get: { operationId: "server.health" } },
    },
  });
});

test("every code of every table has a page that its problems' type names", async () => {
  const index = await app.inject({ url: "/docs/errors" });
  const codes = [...index.text.matchAll(/href="\/docs\/errors\/([\w.]+)"/g)].map(
    (match) => match[1],
  );
  expect(codes).toEqual(
    expect.arrayContaining(["notes.tooLong", "request.invalid", "store.conflict"]),
  );
  for (const code of codes) {
    expect((await app.inject({ url: `/docs/errors/${code}` })).status).toBe(200);
  }
});

test("a code's page says status, help and who answers it, with markup of texts escaped", async () => {
  const { text, headers } = await app.inject({ url: "/docs/errors/notes.tooLong" });
  expect(text).toContain("422");
  expect(text).toContain("Longer than {max}: &lt;b&gt;no&lt;/b&gt;.");
  expect(text).toContain("Send <code>text</code> in &lt;i&gt;parts&lt;/i&gt;.");
  expect(text).toContain("POST /api/v1/notes/{book}");
  expect(text).toContain("&quot;detail&quot;: &quot;Longer than 100: &lt;b&gt;no&lt;/b&gt;.&quot;");
  expect(text).toContain("Sent again unchanged, it is refused again.");
  expect(headers["content-security-policy"]).toContain("default-src 'none'");
});

test("an unknown code is 404, and markup in it is not repeated", async () => {
  const answer = await app.inject({ url: "/docs/errors/%3Cscript%3E" });
  expect(answer.status).toBe(404);
  expect(answer.text).not.toContain("<script>");
});

test("a code that the kernel derives names every operation that it may refuse", async () => {
  const { text } = await app.inject({ url: "/docs/errors/access.forbidden" });
  expect(text).toContain("POST /api/v1/notes/{book}");
  expect(text).not.toContain("GET /api/v1/health");
});

test("a code of the installation speaks of the command line, not of the request", async () => {
  const { text } = await app.inject({ url: "/docs/errors/data.locked" });
  expect(text).toContain("portico doctor");
  expect(text).not.toContain("Idempotency-Key");
});

test.each(["/docs", "/docs/swagger"])("%s names no other host, in page or policy", async (url) => {
  const { text, headers } = await app.inject({ url });
  expect(text).not.toMatch(/https?:\/\//);
  expect(headers["content-security-policy"]).not.toMatch(/https?:/);
  expect(headers["content-security-policy"]).toContain("script-src 'self'");
  // The policy refuses what stands in the page itself, so nothing may.
  expect(text).not.toMatch(/<script(?![^>]*\b(?:src|type="application\/json"))/);
});

test.each(["/docs", "/docs/swagger"])(
  "%s offers Portico's API and each that is fronted",
  async (url) => {
    const { text } = await app.inject({ url });
    for (const path of ["/openapi.json", "/openapi/shop/1.0.json", "/openapi/plain.json"]) {
      expect(text).toContain(`&quot;${path}&quot;`);
    }
    expect(text).toContain("The &lt;shop&gt; 2024-05-01 (current)");
  },
);

test.each([
  ["scalar.js", "text/javascript; charset=utf-8", 1_000_000],
  ["swagger-ui.js", "text/javascript; charset=utf-8", 500_000],
  ["swagger-ui-layout.js", "text/javascript; charset=utf-8", 100_000],
  ["swagger-ui.css", "text/css; charset=utf-8", 100_000],
  ["swagger-start.js", "text/javascript; charset=utf-8", 100],
])(
  "the viewers' %s is served from here, compressed where that is taken",
  async (file, type, min) => {
    const url = `/docs/assets/${file}`;
    const plain = await app.inject({ url });
    expect([plain.status, plain.headers["content-type"]]).toEqual([200, type]);
    expect(plain.bytes.byteLength).toBeGreaterThan(min);
    const small = await app.inject({ url, headers: { "accept-encoding": "br, gzip;q=0.5" } });
    expect(small.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(small.bytes).equals(plain.bytes)).toBe(true);
  },
);

test("an asset that does not exist is 404", async () => {
  expect((await app.inject({ url: "/docs/assets/..%2Fplugin.ts" })).status).toBe(404);
  expect((await app.inject({ url: "/docs/assets/constructor" })).status).toBe(404);
});

test("Swagger UI sends the document to no validator", async () => {
  expect((await app.inject({ url: "/docs/assets/swagger-start.js" })).text).toContain(
    "validatorUrl: null",
  );
});

test("a fronted API's document is answered by version, the current one without", async () => {
  const current = await app.inject({ url: "/openapi/shop.json" });
  expect(current.json()).toEqual(shop("2024-05-01", "http://portico.test"));
  const old = await app.inject({ url: "/openapi/shop/1.0.json" });
  expect(old.json()).toEqual(shop("1.0", "http://portico.test"));
});

test("an API or version without a document is 404 with its code", async () => {
  for (const url of ["/openapi/none.json", "/openapi/shop/9.json", "/openapi-3.0/none.json"]) {
    const answer = await app.inject({ url });
    expect(answer.json()).toMatchObject({ status: 404, code: "docs.noDocument" });
  }
});

test("the 3.0.3 form of every document stands beside it", async () => {
  const own = await app.inject({ url: "/openapi-3.0.json" });
  expect(own.json()).toMatchObject({ openapi: "3.0.3", info: { title: "Portico" } });
  for (const url of ["/openapi-3.0/shop.json", "/openapi-3.0/shop/1.0.json"]) {
    expect(JSON.stringify((await app.inject({ url })).json())).toContain(
      '"schema":{"type":"string","nullable":true}',
    );
  }
});

test("a document that is known already is not sent again, until it changes", async () => {
  const url = "/openapi/shop/1.0.json";
  const gzip = { "accept-encoding": "gzip" };
  const { etag = "" } = (await app.inject({ url, headers: gzip })).headers;
  const plain = await app.inject({ url, headers: { "if-none-match": String(etag) } });
  // The tag is that of the compressed bytes; the plain ones are others.
  expect(plain.status).toBe(200);
  const again = { ...gzip, "if-none-match": `"other", ${String(etag)}` };
  const known = await app.inject({ url, headers: again });
  expect([known.status, known.text]).toEqual([304, ""]);
  documents.set("1.0", { ...shop("1.0", ""), info: { title: "Changed", version: "1.0" } });
  const changed = await app.inject({ url, headers: again });
  expect(changed.status).toBe(200);
  documents.delete("1.0");
});

test.each([
  ["gzip;q=0", false],
  ["*", true],
  ["identity", false],
  ["GZIP ; q=0.1", true],
  ["*;q=0.2, gzip;q=0", false],
])("Accept-Encoding '%s' is understood", async (accepted, isGzip) => {
  const answer = await app.inject({
    url: "/openapi.json",
    headers: { "accept-encoding": accepted },
  });
  expect(answer.headers["content-encoding"] === "gzip").toBe(isGzip);
  expect(answer.headers["vary"]).toContain("accept-encoding");
});
