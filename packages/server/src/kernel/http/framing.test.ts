import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Front } from "../contract/index.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { countNotes, testServer, type TestServer } from "./test-server.fixture.ts";

let server: TestServer;
let port = 0;
beforeAll(async () => {
  server = await testServer();
  port = Number(new URL((await server.http.listen("127.0.0.1", 0)).url).port);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Sends bytes as they are and reads until the other side closes, or until `until` has come. */
function talk(bytes: string, { until = "", to = port } = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(to, "127.0.0.1", () => socket.write(bytes, "latin1"));
  let heard = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    heard += chunk;
    if (until !== "" && heard.includes(until)) socket.destroy();
  });
  socket.on("close", () => resolve(heard));
  socket.on("error", (error) => {
    // A reset after the answer is what a refused sender may see.
    if (heard === "") reject(error);
  });
  return promise;
}

const head = (...lines: readonly string[]): string => `${lines.join("\r\n")}\r\n\r\n`;
const HOST = "Host: api.example.com";
const KEY = "X-Test: key_1 notes:write";
const POST = "POST /api/v1/notes HTTP/1.1";
const JSON_TYPE = "Content-Type: application/json";
const CHUNKED = "Transfer-Encoding: chunked";

describe("a request that two servers could read in two ways is refused, and its connection closed", () => {
  const cases: Readonly<Record<string, string>> = {
    "Content-Length with Transfer-Encoding": `${head(POST, HOST, KEY, "Content-Length: 5", CHUNKED)}0\r\n\r\n`,
    "two Content-Length": `${head(POST, HOST, KEY, "Content-Length: 1", "Content-Length: 1")}a`,
    "a list of Content-Length": `${head(POST, HOST, KEY, "Content-Length: 1, 1")}a`,
    "Content-Length +1": `${head(POST, HOST, KEY, "Content-Length: +1")}a`,
    "Transfer-Encoding gzip": head(POST, HOST, KEY, "Transfer-Encoding: gzip"),
    "Transfer-Encoding gzip, chunked": `${head(POST, HOST, KEY, "Transfer-Encoding: gzip, chunked")}0\r\n\r\n`,
    "Transfer-Encoding ,chunked": `${head(POST, HOST, KEY, "Transfer-Encoding: ,chunked")}0\r\n\r\n`,
    "Transfer-Encoding twice": `${head(POST, HOST, KEY, "Transfer-Encoding: identity", CHUNKED)}0\r\n\r\n`,
    "Transfer-Encoding in HTTP/1.0": `${head("POST /api/v1/notes HTTP/1.0", HOST, KEY, CHUNKED)}0\r\n\r\n`,
    "two Host": head("GET /livez HTTP/1.1", HOST, "Host: other"),
    "two Authorization": head("GET /livez HTTP/1.1", HOST, "Authorization: a", "AUTHORIZATION: b"),
    "no Host": head("GET /livez HTTP/1.1"),
    "an empty Host": head("GET /livez HTTP/1.1", "Host:"),
    "a Host that is none": head("GET /livez HTTP/1.1", "Host: a b/@c"),
    "another Host than the target's": head("GET http://other/livez HTTP/1.1", HOST),
    "a folded header": head("GET /livez HTTP/1.1", HOST, "X-A: b", " c"),
    "a space before the colon": head("GET /livez HTTP/1.1", HOST, "X-A : b"),
    "an empty header name": head("GET /livez HTTP/1.1", HOST, ": b"),
    "a line without colon": head("GET /livez HTTP/1.1", HOST, "nonsense"),
    "a bare LF": `GET /livez HTTP/1.1\r\nHost: a\nX: y\r\n\r\n`,
    "a bare CR": `GET /livez HTTP/1.1\r\nHost: a\rX: y\r\n\r\n`,
    "NUL in a value": head("GET /livez HTTP/1.1", HOST, "X-A: a\0b"),
    "a control character in a value": head("GET /livez HTTP/1.1", HOST, "X-A: a\u0001b"),
    "a fragment in the target": head("GET /livez#x HTTP/1.1", HOST),
    "HTTP/2.0 in text": head("GET /livez HTTP/2.0", HOST),
    "201 header lines": head(
      "GET /livez HTTP/1.1",
      HOST,
      ...Array.from({ length: 200 }, (_, index) => `X-${index}: a`),
    ),
    "an upgrade with a body": `${head(POST, HOST, "Connection: upgrade", "Upgrade: h2c", "Content-Length: 3")}abc`,
  };
  test.each(Object.entries(cases))("%s", async (_name, bytes) => {
    const heard = await talk(bytes);
    expect(heard).toMatch(/^HTTP\/1\.1 400 /);
    expect(heard).toContain(`"code":"request.framing"`);
    expect(heard).toMatch(/content-type: application\/problem\+json/i);
    expect(heard).toMatch(/x-request-id: req_/i);
  });

  test.each(["0x1\r\na\r\n0\r\n\r\n", "-1\r\na\r\n0\r\n\r\n", "1\na\n0\n\n"])(
    "the chunk %j",
    async (chunk) => {
      const before = await countNotes(server);
      const heard = await talk(`${head(POST, HOST, KEY, JSON_TYPE, CHUNKED)}${chunk}`);
      expect(heard).toMatch(/^HTTP\/1\.1 400 /);
      expect(await countNotes(server)).toBe(before);
    },
  );
});

test("headers of 100 kB are 431", async () => {
  const heard = await talk(head("GET /livez HTTP/1.1", HOST, `X-A: ${"a".repeat(100_000)}`));
  expect(heard).toMatch(/^HTTP\/1\.1 431 /);
  expect(heard).toContain(`"code":"request.headersTooLarge"`);
});

test("10,000 query parameters are refused", async () => {
  const query = Array.from({ length: 10_000 }, () => "a=1").join("&");
  const heard = await talk(head(`GET /api/v1/health?${query} HTTP/1.1`, HOST));
  expect(heard).toMatch(/^HTTP\/1\.1 414 /);
  const fewer = Array.from({ length: 4_000 }, () => "a=1").join("&");
  const many = await talk(head(`GET /api/v1/health?${fewer} HTTP/1.1`, HOST, "Connection: close"));
  expect(many).toContain(`"code":"request.tooManyParameters"`);
});

test("an absolute target of the same host is a path", async () => {
  const heard = await talk(
    head("GET http://api.example.com/livez HTTP/1.1", HOST, "Connection: close"),
  );
  expect(heard).toMatch(/^HTTP\/1\.1 200 /);
});

test("CONNECT is 405, an upgrade that nobody answers 426, an unknown expectation 417", async () => {
  expect(await talk(head("CONNECT a:1 HTTP/1.1", HOST))).toMatch(/^HTTP\/1\.1 405 /);
  const upgrade = ["Connection: upgrade", "Upgrade: websocket"];
  expect(await talk(head("GET /socket HTTP/1.1", HOST, ...upgrade))).toMatch(/^HTTP\/1\.1 426 /);
  const expectation = ["Expect: a-banana", "Content-Length: 0"];
  expect(await talk(head(POST, HOST, KEY, ...expectation))).toMatch(/^HTTP\/1\.1 417 /);
});

test("a client that waits for 100 Continue is told to go on only once it may call", async () => {
  const body = `{"text":"Hi"}`;
  const wait = [`Content-Length: ${body.length}`, "Expect: 100-continue", "Connection: close"];
  const allowed = await talk(`${head(POST, HOST, KEY, JSON_TYPE, ...wait)}${body}`);
  expect(allowed).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
  const refused = await talk(head(POST, HOST, JSON_TYPE, ...wait));
  expect(refused).toMatch(/^HTTP\/1\.1 401 /);
});

test("a body that is announced by its type alone is an empty one, answered at once", async () => {
  expect(await talk(head(POST, HOST, KEY, JSON_TYPE, "Connection: close"))).toMatch(
    /^HTTP\/1\.1 (?:400|422) /,
  );
});

test("a body above the limit is refused by its announced length, before it is sent", async () => {
  const heard = await talk(head(POST, HOST, KEY, JSON_TYPE, "Content-Length: 10000001"));
  expect(heard).toMatch(/^HTTP\/1\.1 413 /);
  expect(heard).toMatch(/connection: close/i);
});

test("a body above the limit in chunks is refused while it comes", async () => {
  await using small = await testServer({ config: { bodyBytesMax: 10 } });
  const to = Number(new URL((await small.http.listen("127.0.0.1", 0)).url).port);
  const chunk = `14\r\n${"a".repeat(20)}\r\n`;
  const heard = await talk(`${head(POST, HOST, KEY, JSON_TYPE, CHUNKED)}${chunk}`, { to });
  expect(heard).toMatch(/^HTTP\/1\.1 413 /);
});

test("a body that trickles in is 408 when its time is up", async () => {
  const clock = fakeClock();
  await using slow = await testServer({ clock, config: { timeoutMs: 30_000 } });
  const to = Number(new URL((await slow.http.listen("127.0.0.1", 0)).url).port);
  const heard = talk(`${head(POST, HOST, KEY, JSON_TYPE, "Content-Length: 10")}{`, { to });
  let answer: string | undefined;
  void heard.then((text) => (answer = text));
  while (answer === undefined) await clock.advance(10_000);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toContain(`"code":"request.tooSlow"`);
});

test("after everything that was refused the server answers as before", async () => {
  const heard = await talk(head("GET /livez HTTP/1.1", HOST, "Connection: close"));
  expect(heard).toMatch(/^HTTP\/1\.1 200 /);
});

test("what cannot be read after a whole request is answered after that request, never within its answer", async () => {
  const open = Promise.withResolvers<ServerResponse>();
  const front: Front = {
    id: "slow",
    take: ({ response }) => {
      response.write("half ");
      open.resolve(response);
      return true;
    },
  };
  await using slow = await testServer({ fronts: [front] });
  const to = Number(new URL((await slow.http.listen("127.0.0.1", 0)).url).port);
  const heard = talk(`${head("GET /slow HTTP/1.1", HOST)}GARBAGE\r\n\r\n`, { to });
  const response = await open.promise;
  setImmediate(() => response.end("and half"));
  expect(await heard).toMatch(
    /^HTTP\/1\.1 200 OK\r\n.*5\r\nhalf \r\n8\r\nand half\r\n0\r\n\r\nHTTP\/1\.1 400 /s,
  );
});

test("two requests on one connection are answered in their order", async () => {
  const one = head("GET /livez HTTP/1.1", HOST);
  const two = head("GET /api/v1/nothing HTTP/1.1", HOST, "Connection: close");
  const heard = await talk(one + two);
  expect([...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(["200", "404"]);
});
