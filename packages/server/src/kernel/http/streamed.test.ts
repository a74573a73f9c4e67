import { once } from "node:events";
import { get } from "node:http";
import { expect, test } from "vitest";
import { internalCaller, operation, streamed } from "../contract/index.ts";
import { testServer } from "./test-server.fixture.ts";

/** What was given of a stream, and whether it was ended. */
interface Given {
  lines: number;
  isEnded: boolean;
}

async function* lines(given: Given, max: number): AsyncGenerator<string> {
  try {
    while (given.lines < max) {
      given.lines += 1;
      yield await Promise.resolve(`${"x".repeat(1_000)}\n`);
    }
  } finally {
    given.isEnded = true;
  }
}

function exporting(chunks: () => AsyncIterable<string>, streams: readonly string[] = ["text/csv"]) {
  return operation({
    id: "notes.export",
    method: "GET",
    path: "/export",
    summary: "Export",
    access: "public",
    mode: "read",
    replies: { 200: null },
    streams,
    example: {},
    handle: () => streamed("text/csv", chunks(), { "x-kind": "export" }),
  });
}

async function* failing(): AsyncGenerator<string> {
  yield await Promise.resolve("half\n");
  throw new TypeError("broken");
}

test("a stream is answered whole, with its media type and its own headers", async () => {
  const given = { lines: 0, isEnded: false };
  await using server = await testServer({ operations: [exporting(() => lines(given, 3))] });
  const { status, text, headers } = await server.send({ path: "/api/v1/export" });
  expect([status, text.length]).toEqual([200, 3 * 1_001]);
  expect(headers).toMatchObject({
    "content-type": "text/csv",
    "cache-control": "no-store",
    "x-kind": "export",
  });
  expect(given.isEnded).toBe(true);
});

test("a stream is made no faster than it is read, and ended when its reader leaves", async () => {
  const given = { lines: 0, isEnded: false };
  const max = 1_000_000;
  await using server = await testServer({ operations: [exporting(() => lines(given, max))] });
  const { url } = await server.http.listen("127.0.0.1", 0);
  const request = get(`${url}/api/v1/export`);
  const [response] = (await once(request, "response")) as [{ pause(): void; destroy(): void }];
  response.pause();
  await expect.poll(() => given.lines).toBeGreaterThan(0);
  let before = -1;
  // It comes to rest when the buffers between are full.
  await expect
    .poll(
      () => {
        const isStill = given.lines === before;
        before = given.lines;
        return isStill;
      },
      { interval: 100, timeout: 5_000 },
    )
    .toBe(true);
  expect(given.lines).toBeLessThan(max / 10);
  response.destroy();
  await expect.poll(() => given.isEnded).toBe(true);
  await server.http.close(1_000);
});

test("what breaks in the middle cuts the answer off, and is no whole answer", async () => {
  await using server = await testServer({ operations: [exporting(failing)] });
  const { url } = await server.http.listen("127.0.0.1", 0);
  const read = fetch(`${url}/api/v1/export`).then((reply) => reply.text());
  await expect(read).rejects.toThrow("terminated");
  await server.http.close(1_000);
});

test("HEAD reads nothing of a stream, and a function is given its pieces", async () => {
  const given = { lines: 0, isEnded: false };
  await using server = await testServer({ operations: [exporting(() => lines(given, 3))] });
  const head = await server.send({ method: "HEAD", path: "/api/v1/export" });
  expect([head.status, given.lines]).toEqual([200, 0]);
  const { body } = await server.http.call("notes.export", {}, internalCaller("default"));
  const pieces: string[] = [];
  for await (const piece of body as AsyncIterable<string>) pieces.push(piece);
  expect(pieces).toHaveLength(3);
});

test("a stream that the operation does not declare is a mistake of the plugin", async () => {
  const { streams: _streams, ...undeclared } = exporting(failing);
  await using server = await testServer({ operations: [undeclared] });
  expect((await server.send({ path: "/api/v1/export" })).status).toBe(500);
});
