import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import type { AnsweredRequest, Intake, IntakeRequest, PluginContext } from "../contract/index.ts";
import { raise } from "./errors.ts";
import { testServer, type TestServer } from "./test-server.fixture.ts";

interface Taken {
  readonly seen: IntakeRequest[];
  readonly answered: AnsweredRequest[];
  readonly server: TestServer;
}

async function open(receive?: Intake["receive"]): Promise<Taken> {
  const seen: IntakeRequest[] = [];
  const answered: AnsweredRequest[] = [];
  const intake: Intake = {
    path: "/in/{source}",
    methods: ["POST", "HEAD"],
    bodyBytesMax: () => 16,
    receive:
      receive ??
      ((request) => {
        seen.push(request);
        request.belongsTo({ organization: "acme", subject: "source_1" });
        return Promise.resolve({ status: 202, headers: { "x-a": "b" }, body: "taken" });
      }),
  };
  const server = await testServer({
    intakes: [{ intake, ctx: {} as PluginContext }],
    observers: [{ answered: (request) => void answered.push(request), bodyBytes: () => 0 }],
  });
  return { seen, answered, server };
}

async function talk(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(text);
  let reply = "";
  socket.on("data", (chunk) => (reply += chunk.toString()));
  await once(socket, "close");
  return reply;
}

describe("an intake", () => {
  test.each([
    ["application/json", "not json"],
    ["text/plain; charset=utf-16", "\u0000\u00ff"],
    ["garbage", "x"],
    ["", "no type"],
    ["multipart/form-data", "--"],
  ])("takes the bytes of a body of type %j as they are", async (type, body) => {
    const { seen, server } = await open();
    await using _server = server;
    const bytes = Buffer.from(body, "latin1");
    const reply = await server.send({
      method: "POST",
      path: "/in/a?b=%20c",
      headers: { "content-type": type, "content-encoding": "gzip" },
      body: bytes,
    });
    expect([reply.status, reply.text, reply.headers["x-a"]]).toEqual([202, "taken", "b"]);
    expect(seen[0]).toMatchObject({ method: "POST", path: { source: "a" }, url: "/in/a?b=%20c" });
    expect(Buffer.from(seen[0]?.body ?? [])).toEqual(bytes);
  });

  test("is told fields that came twice apart, and reads a body that waits for 100 Continue", async () => {
    const { seen, server } = await open();
    await using _server = server;
    const { url } = await server.http.listen("127.0.0.1", 0);
    const reply = await talk(
      Number(new URL(url).port),
      "POST /in/a HTTP/1.1\r\nHost: a\r\nX-Sig: one\r\nx-sig: two\r\nContent-Length: 2\r\n" +
        "Expect: 100-continue\r\nConnection: close\r\n\r\nhi",
    );
    expect(reply).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 202 /);
    expect(seen[0]?.rawHeaders.join("|")).toContain("X-Sig|one|x-sig|two");
    expect(Buffer.from(seen[0]?.body ?? []).toString()).toBe("hi");
  });

  test("refuses what is larger than it takes, other methods, and nothing else for their form", async () => {
    const { seen, server } = await open();
    await using _server = server;
    const send = (method: string, body?: string): ReturnType<TestServer["send"]> =>
      server.send({ method, path: "/in/a", ...(body === undefined ? {} : { body }) });
    const large = await send("POST", "x".repeat(17));
    expect([large.status, (large.json() as { code: string }).code]).toEqual([
      413,
      "request.bodyTooLarge",
    ]);
    const put = await send("PUT", "x");
    expect([put.status, put.headers["allow"]]).toEqual([405, "POST, HEAD, OPTIONS"]);
    expect(seen).toEqual([]);
    expect((await send("HEAD")).status).toBe(202);
    expect((await send("POST", "x".repeat(16))).status).toBe(202);
  });

  test("is in the request log as its owner's, and answers problems as every other path", async () => {
    const { answered, server } = await open();
    await using _server = server;
    await server.send({ method: "POST", path: "/in/a", headers: { "x-test": "bad" }, body: "{}" });
    expect(answered[0]).toMatchObject({
      organization: "acme",
      subject: "source_1",
      route: "/in/{source}",
      status: 202,
    });
    const failing = await open(() => Promise.reject(raise("request.unavailable")));
    await using _failing = failing.server;
    const reply = await failing.server.send({ method: "POST", path: "/in/a", body: "" });
    expect([reply.status, reply.headers["content-type"]]).toEqual([
      503,
      "application/problem+json",
    ]);
    const broken = await open(() => Promise.reject(new TypeError("password=hunter2")));
    await using _broken = broken.server;
    const hidden = await broken.server.send({ method: "POST", path: "/in/a", body: "" });
    expect(hidden.status).toBe(500);
    expect(hidden.text).not.toContain("hunter2");
  });
});
