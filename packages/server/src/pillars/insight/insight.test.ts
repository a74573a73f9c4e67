import { definePlugin, operation } from "portico/kernel";
import { createTestApp } from "portico/testing";
import type { TestApp } from "portico/testing";
import { Type } from "typebox";
import { expect, it } from "vitest";
import { insight } from "./index.ts";

const hello = definePlugin({
  id: "hello",
  version: "1.0.0",
  engine: "^1",
  operations: [
    operation({
      id: "hello.greet",
      method: "GET",
      path: "/hello/{name}",
      summary: "Greet",
      access: "caller",
      mode: "read",
      params: Type.Object({ name: Type.String() }),
      replies: { 200: Type.Object({ text: Type.String() }) },
      example: { path: { name: "ada" } },
      handle: ({ path }) => ({ text: `Hello ${path.name}` }),
    }),
  ],
});

type App = TestApp & AsyncDisposable;
async function app(): Promise<App> {
  const made = await createTestApp({ plugins: [hello, insight()] });
  return Object.assign(made, { [Symbol.asyncDispose]: () => made.stop(1_000) });
}

const reader = { subject: "user_reader", permissions: ["insight:read"] };

it("shows answered requests with their route and outcome, newest first", async () => {
  await using portico = await app();
  await portico.as(reader).get("/hello/ada");
  await portico.as(reader).get("/hello/bob", { "x-request-id": "named-by-caller" });
  const reply = await portico.as(reader).get("/requests");
  expect(reply.status).toBe(200);
  expect(reply.json()).toMatchObject({
    data: [
      {
        id: "named-by-caller",
        method: "GET",
        route: "/api/v1/hello/{name}",
        path: "/api/v1/hello/bob",
        status: 200,
        subject: "user_reader",
        kept: "all",
      },
      { path: "/api/v1/hello/ada" },
    ],
    next: null,
  });
});

it("pages by a cursor, and refuses one that was altered", async () => {
  await using portico = await app();
  for (const name of ["a", "b", "c"]) await portico.as(reader).get(`/hello/${name}`);
  const query = "route=%2Fapi%2Fv1%2Fhello%2F%7Bname%7D&limit=2";
  const first = await portico.as(reader).get(`/requests?${query}`);
  const { data, next } = first.json() as { data: { path: string }[]; next: string };
  expect(data.map(({ path }) => path)).toStrictEqual(["/api/v1/hello/c", "/api/v1/hello/b"]);
  const second = await portico.as(reader).get(`/requests?${query}&cursor=${next}`);
  expect(second.json()).toMatchObject({ data: [{ path: "/api/v1/hello/a" }], next: null });
  const forged = await portico.as(reader).get(`/requests?${query}&cursor=${next}x`);
  expect(forged.status).toBe(400);
});

it("never shows another organization's requests", async () => {
  await using portico = await app();
  await portico.as({ ...reader, organization: "other" }).get("/hello/secret");
  const reply = await portico.as(reader).get("/requests");
  expect(reply.text).not.toContain("secret");
});

it("asks for a credential and the permission, and takes only filters it knows", async () => {
  await using portico = await app();
  expect((await portico.inject({ url: "/api/v1/requests" })).status).toBe(401);
  expect((await portico.as({ permissions: ["other:read"] }).get("/requests")).status).toBe(403);
  expect((await portico.as(reader).get("/requests?status=9xx")).status).toBe(422);
});
