import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnsweredRequest, Front } from "../contract/index.ts";
import { testServer, type TestServer } from "./test-server.fixture.ts";

const seen: string[] = [];
const front: Front = {
  id: "front",
  take: ({ request, response, requestId, trace, clientAddress }) => {
    if (request.url === "/throws") throw new TypeError("a front that fails");
    if (!request.url?.startsWith("/shop")) return false;
    seen.push(request.url);
    response.end(JSON.stringify({ requestId, trace, clientAddress }));
    return true;
  },
};
const answered: AnsweredRequest[] = [];

let server: TestServer;
beforeAll(async () => {
  server = await testServer({
    fronts: [front],
    observers: [
      {
        answered: () => {
          throw new TypeError("an observer that fails");
        },
      },
      { answered: (request) => void answered.push(request) },
    ],
    pages: [
      {
        page: {
          path: "/shop/about/{name}",
          serve: ({ path, query }) => ({
            status: 200,
            headers: { "content-type": "text/plain", "x-frame-options": "SAMEORIGIN" },
            body: `${path["name"] ?? ""} ${query["a"] ?? ""}`,
          }),
        },
        ctx: {} as never,
      },
    ],
    config: {
      trustedProxies: ["10.0.0.0/8", "::1"],
      corsOrigins: ["https://app.example.com"],
    },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe("whose a request is", () => {
  test("a front gets what is not our own, with ids and the client", async () => {
    const answer = await server.send({ path: "/shop/1?a=b", remoteAddress: "192.0.2.7" });
    expect(answer.json()).toEqual({
      requestId: expect.stringMatching(/^req_/),
      trace: expect.stringMatching(/^[0-9a-f]{32}$/),
      clientAddress: "192.0.2.7",
    });
  });

  test("our own paths are never offered to a front, even below its prefix", async () => {
    const answer = await server.send({ path: "/shop/about/us?a=b" });
    expect(answer.text).toBe("us b");
    expect(seen).not.toContain("/shop/about/us?a=b");
  });

  test("what no front takes is 404", async () => {
    const answer = await server.send({ path: "/other" });
    expect(answer.json()).toMatchObject({ status: 404, code: "request.notFound" });
  });

  test("a front that throws is a 500, logged, and the server goes on", async () => {
    const answer = await server.send({ path: "/throws" });
    expect(answer.json()).toMatchObject({ status: 500, code: "request.internal" });
    expect(answer.text).not.toContain("a front that fails");
    expect((await server.send({ path: "/livez" })).status).toBe(200);
  });

  test("a page may loosen the headers that operations have", async () => {
    const { headers } = await server.send({ path: "/shop/about/us" });
    expect(headers["x-frame-options"]).toBe("SAMEORIGIN");
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  test("below a base path everything of ours moves, and nothing stays behind", async () => {
    await using moved = await testServer({ basePath: "/_portico" });
    expect((await moved.send({ path: "/_portico/livez" })).status).toBe(200);
    expect((await moved.send({ path: "/_portico/api/v1/health" })).status).toBe(200);
    expect((await moved.send({ path: "/livez" })).status).toBe(404);
    expect(moved.http.ownPaths()).toContain("/_portico/api/v1/notes");
    expect(moved.http.ownPaths().every((path) => path.startsWith("/_portico/"))).toBe(true);
  });
});

test("below a base path nothing is offered to a front, what we do not have included", async () => {
  const offered: string[] = [];
  const greedy: Front = {
    id: "greedy",
    take: ({ request, response }) => {
      offered.push(request.url ?? "");
      response.end();
      return true;
    },
  };
  await using moved = await testServer({ basePath: "/_portico", fronts: [greedy] });
  for (const path of ["/_portico", "/_portico/", "/_portico/api/v1/keyz?key=secret"]) {
    expect((await moved.send({ path })).json()).toMatchObject({ code: "request.notFound" });
  }
  for (const path of ["/livez", "/_porticos"]) {
    expect((await moved.send({ path })).status).toBe(200);
  }
  expect(offered).toEqual(["/livez", "/_porticos"]);
});

describe("ids and threads", () => {
  test("a sane request id is echoed, another is replaced", async () => {
    const sent = async (id: string): Promise<unknown> =>
      (await server.send({ path: "/livez", headers: { "x-request-id": id } })).headers[
        "x-request-id"
      ];
    expect(await sent("order-4711-a")).toBe("order-4711-a");
    expect(await sent("short")).toMatch(/^req_/);
    expect(await sent("a b c d e f g h")).toMatch(/^req_/);
    expect(await sent("a".repeat(129))).toMatch(/^req_/);
  });

  test("the trace of the caller goes on; what is no traceparent starts a new one", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const sent = async (traceparent: string): Promise<unknown> =>
      (await server.send({ path: "/livez", headers: { traceparent } })).headers["traceparent"];
    expect(await sent(`00-${trace}-b7ad6b7169203331-01`)).toMatch(`00-${trace}-`);
    for (const bad of [
      `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
      `00-${trace}-${"0".repeat(16)}-01`,
      `ff-${trace}-b7ad6b7169203331-01`,
      `00-${trace.toUpperCase()}-b7ad6b7169203331-01`,
      "nonsense",
    ]) {
      expect(await sent(bad)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(await sent(bad)).not.toContain(trace);
    }
  });

  test("observers are told of every answer by template, and one that fails hides nothing", async () => {
    answered.length = 0;
    await server.send({
      method: "POST",
      path: "/api/v1/notes?secret=1",
      headers: { "x-test": "key_1@acme notes:read", "x-request-id": "observed-1" },
      body: {},
    });
    expect(answered).toMatchObject([
      {
        id: "observed-1",
        organization: "acme",
        subject: "key_1@acme",
        method: "POST",
        route: "/api/v1/notes",
        path: "/api/v1/notes",
        status: 403,
        code: "access.forbidden",
      },
    ]);
  });
});

describe("where a request comes from", () => {
  const clientOf = async (
    peer: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<unknown> => {
    const answer = await server.send({ path: "/shop", remoteAddress: peer, headers });
    return (answer.json() as { clientAddress: string }).clientAddress;
  };

  test("a stranger's X-Forwarded-For is not believed", async () => {
    expect(await clientOf("192.0.2.1", { "x-forwarded-for": "198.51.100.1" })).toBe("192.0.2.1");
  });

  test("a trusted proxy's is walked from the right to the first stranger", async () => {
    const chain = { "x-forwarded-for": "203.0.113.9, 198.51.100.1, 10.1.1.1" };
    expect(await clientOf("10.0.0.1", chain)).toBe("198.51.100.1");
    expect(await clientOf("::ffff:10.0.0.1", chain)).toBe("198.51.100.1");
    expect(await clientOf("::1", chain)).toBe("198.51.100.1");
  });

  test("what is no address ends the walk", async () => {
    expect(await clientOf("10.0.0.1", { "x-forwarded-for": "203.0.113.9, nonsense" })).toBe(
      "10.0.0.1",
    );
    expect(await clientOf("10.0.0.1", {})).toBe("10.0.0.1");
  });

  test("HSTS is sent when a trusted proxy says the client came by HTTPS, and only then", async () => {
    const sent = async (remoteAddress: string): Promise<unknown> =>
      (
        await server.send({
          path: "/livez",
          remoteAddress,
          headers: { "x-forwarded-proto": "https" },
        })
      ).headers["strict-transport-security"];
    expect(await sent("10.0.0.1")).toContain("max-age=");
    expect(await sent("192.0.2.1")).toBeUndefined();
  });
});

describe("CORS", () => {
  const preflight = { "access-control-request-method": "POST" };

  test("a preflight is answered before any credential is asked", async () => {
    const headers = { ...preflight, origin: "https://app.example.com" };
    const answer = await server.send({ method: "OPTIONS", path: "/api/v1/notes", headers });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": "https://app.example.com",
      "access-control-allow-methods": "POST, OPTIONS",
      "access-control-allow-headers": expect.stringContaining("Idempotency-Key"),
      vary: "Origin",
    });
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
  });

  test("an origin that is not listed is told nothing", async () => {
    const headers = { ...preflight, origin: "https://evil.example.com" };
    const answer = await server.send({ method: "OPTIONS", path: "/api/v1/notes", headers });
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("a refusal can be read by a listed origin too", async () => {
    const headers = { origin: "https://app.example.com" };
    const answer = await server.send({ method: "POST", path: "/api/v1/notes", headers, body: {} });
    expect(answer.status).toBe(401);
    expect(answer.headers["access-control-allow-origin"]).toBe("https://app.example.com");
  });
});
