import { describe, expect, test } from "vitest";
import type { AnsweredRequest, Mount, PluginContext } from "../contract/index.ts";
import { raise } from "./errors.ts";
import { testServer } from "./test-server.fixture.ts";
import type { TestServer } from "./test-server.fixture.ts";

async function open(serve: Mount["serve"]): Promise<{
  readonly answered: AnsweredRequest[];
  readonly server: TestServer;
}> {
  const answered: AnsweredRequest[] = [];
  const mount: Mount = { path: "/m/{id}", methods: ["GET", "POST"], bodyBytesMax: 16, serve };
  const server = await testServer({
    mounts: [{ mount, ctx: {} as PluginContext }],
    observers: [{ answered: (request) => void answered.push(request), bodyBytes: () => 0 }],
  });
  return { answered, server };
}

describe("a mount", () => {
  test("answers by itself, with the headers of our own paths, and is in the request log", async () => {
    const { server, answered } = await open(async (exchange) => {
      const body = await exchange.readBody();
      exchange.belongsTo({ organization: "acme", subject: "ada" });
      exchange.response.end(`${exchange.path["id"] ?? ""} ${body.length}`);
    });
    await using _server = server;
    const reply = await server.send({ method: "POST", path: "/m/a%20b?x=1", body: "not json" });
    expect(reply).toMatchObject({ status: 200, text: "a b 8" });
    expect(reply.headers["x-content-type-options"]).toBe("nosniff");
    expect(answered).toMatchObject([
      { route: "/m/{id}", status: 200, organization: "acme", subject: "ada" },
    ]);
  });

  test("is spared a body that is too large", async () => {
    const { server } = await open(async (exchange) => {
      await exchange.readBody();
      exchange.response.end("read");
    });
    await using _server = server;
    const reply = await server.send({ method: "POST", path: "/m/a", body: "x".repeat(17) });
    expect(reply.status).toBe(413);
  });

  test("has what it throws answered as a problem, and no method but its own", async () => {
    const { server } = await open(() => Promise.reject(raise("request.notFound")));
    await using _server = server;
    expect((await server.send({ path: "/m/a" })).json()).toMatchObject({
      code: "request.notFound",
    });
    expect((await server.send({ method: "DELETE", path: "/m/a" })).status).toBe(405);
  });
});
