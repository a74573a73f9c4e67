import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { definePlugin, operation, problem } from "portico/kernel";
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

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp({ plugins: [notes, docs] });
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
  expect(headers["content-security-policy"]).toContain("default-src 'none'");
});

test("an unknown code is 404, and markup in it is not repeated", async () => {
  const answer = await app.inject({ url: "/docs/errors/%3Cscript%3E" });
  expect(answer.status).toBe(404);
  expect(answer.text).not.toContain("<script>");
});

test("the reference names no other host, neither in its page nor in its policy", async () => {
  const { text, headers } = await app.inject({ url: "/docs" });
  expect(text).not.toMatch(/https?:\/\//);
  expect(headers["content-security-policy"]).not.toMatch(/https?:/);
  expect(headers["content-security-policy"]).toContain("script-src 'self'");
});

test("the reference's script is served from here", async () => {
  const answer = await app.inject({ url: "/docs/assets/scalar.js" });
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toBe("text/javascript; charset=utf-8");
  expect(gunzipSync(answer.bytes).byteLength).toBeGreaterThan(1_000_000);
});
