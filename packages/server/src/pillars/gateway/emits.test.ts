import { inspect } from "node:util";
import { createTestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import { fronting } from "./fronting.fixture.ts";
import { gateway } from "./index.ts";
import { httpUpstream } from "./upstreams.fixture.ts";

const paid = {
  on: { method: "POST", path: "/invoices/{id}/pay" },
  type: "invoice.paid",
  subject: "/request/params/id",
};
const BODY = '{"id":"inv_7","amount":1.0,"big":12345678901234567890}';

describe("a route that makes events", () => {
  it("stores the exact bytes of the reply before the caller sees success", async () => {
    await using upstream = await httpUpstream((_request, response) => response.end(BODY));
    await using app = await fronting(upstream, { emits: [paid] });
    const reply = await fetch(`${app.url}/invoices/inv_7/pay`, { method: "POST", body: "{}" });
    expect(await reply.text()).toBe(BODY);
    const [seen, ...others] = await app.events();
    expect(others).toHaveLength(0);
    expect(seen).toMatchObject({ type: "invoice.paid", subject: "inv_7" });
    expect(new TextDecoder().decode(seen?.event.data)).toBe(BODY);
    expect(seen?.event.cause).toBe(reply.headers.get("x-request-id"));
  });

  it("maps members of request and reply; what is missing is null", async () => {
    await using upstream = await httpUpstream((_request, response) => response.end(BODY));
    const emit = {
      ...paid,
      data: {
        id: "/response/body/id",
        by: "/request/body/by",
        dry: "/request/query/dry",
        none: "/response/body/__proto__",
      },
    };
    await using app = await fronting(upstream, { emits: [emit] });
    const body = JSON.stringify({ by: "ada" });
    await fetch(`${app.url}/invoices/inv_7/pay?dry=1`, { method: "POST", body });
    const events = await app.events();
    expect(events[0]?.data).toStrictEqual({ id: "inv_7", by: "ada", dry: "1", none: null });
  });

  it("makes none of failures, of other methods, and of other paths", async () => {
    await using upstream = await httpUpstream((request, response) => {
      response.statusCode = request.url?.includes("bad") === true ? 402 : 200;
      response.end(BODY);
    });
    await using app = await fronting(upstream, { emits: [paid] });
    await fetch(`${app.url}/invoices/bad/pay`, { method: "POST" });
    await fetch(`${app.url}/invoices/inv_7/pay`);
    await fetch(`${app.url}/invoices/inv_7/void`, { method: "POST" });
    expect(await app.events()).toStrictEqual([]);
  });

  it("answers 503 and says that the application has acted when the event cannot be stored", async () => {
    const huge = JSON.stringify({ text: "x".repeat(300_000) });
    await using upstream = await httpUpstream((_request, response) => response.end(huge));
    await using app = await fronting(upstream, { emits: [paid], emitBodyBytesMax: 1_000_000 });
    const reply = await fetch(`${app.url}/invoices/inv_7/pay`, { method: "POST" });
    expect(reply.status).toBe(503);
    const problem = (await reply.json()) as { code: string; detail: string };
    expect(problem.code).toBe("gateway.eventNotStored");
    expect(problem.detail).toContain("has acted");
    expect(await app.events()).toStrictEqual([]);
  });

  it("answers 502 for a reply larger than an event may be made of", async () => {
    await using upstream = await httpUpstream((_request, response) =>
      response.end("x".repeat(5_000)),
    );
    await using app = await fronting(upstream, { emits: [paid], emitBodyBytesMax: 1_024 });
    const reply = await fetch(`${app.url}/invoices/inv_7/pay`, { method: "POST" });
    expect(reply.status).toBe(502);
    expect(await reply.json()).toMatchObject({ code: "gateway.replyTooLarge" });
  });
});

describe("the gateway's settings", () => {
  it("are refused with every mistake at once", async () => {
    const apis = [
      {
        id: "one",
        upstream: "http://127.0.0.1:1",
        routes: [{ path: "/a/{id}" }, { path: "/a/{no}" }],
      },
      { id: "one", basePath: "/b", upstream: "http://127.0.0.1:1", permissions: ["x:read"] },
      { id: "two", basePath: "/c", upstream: "http://127.0.0.1:1", routes: [{ path: "/x/../y" }] },
      {
        id: "three",
        basePath: "/d",
        upstream: "http://127.0.0.1:1",
        emits: [{ ...paid, data: "body" }],
      },
      { id: "four", upstream: "http://127.0.0.1:1", routes: [{ path: "/api/v1/gateway/routes" }] },
    ];
    const failure = await createTestApp({
      plugins: [gateway()],
      settings: { gateway: { apis } },
    }).then(
      () => "started",
      (error: unknown) => (error as { cause?: Error }).cause ?? (error as Error),
    );
    const text = String(failure);
    for (const part of [
      "are both all methods /a/{no}",
      "two APIs have the id 'one'",
      "asks for permissions but for no credential",
      "'/c/x/../y' is no path template",
      "'body' does not begin with /request or /response",
      "collides with Portico's own path /api/v1/gateway/routes",
    ]) {
      expect(text).toContain(part);
    }
  });

  it.each([
    ["http://", "is no URL"],
    ["http://:80", "is no URL"],
    ["http://127.0.0.1:99999", "is no URL"],
    ["http://root:hunter2@127.0.0.1:1", "holds a user or password"],
    ["http://127.0.0.1:1/?a=b", "holds a query or fragment"],
    ["http://127.0.0.1:1/#top", "holds a query or fragment"],
  ])("are refused with the upstream %s, and never show its password", async (upstream, why) => {
    const apis = [{ id: "one", upstream }];
    const options = { plugins: [gateway()], settings: { gateway: { apis } } };
    const failure: unknown = await createTestApp(options).catch((error: unknown) => error);
    const text = inspect(failure, { depth: 5 });
    expect(text).toContain("gateway.badConfig");
    expect(text).toContain(`api 'one': its upstream ${why}`);
    expect(text).not.toContain("hunter2");
  });

  it("are shown as routes to who may see the installation, and to no one else", async () => {
    await using upstream = await httpUpstream((_request, response) => response.end());
    await using app = await fronting(upstream, {
      basePath: "/shop",
      auth: "key",
      rateLimit: "9/s",
    });
    const seen = await app.as({ instancePermissions: ["gateway:read"] }).get("/gateway/routes");
    expect(seen.json()).toMatchObject({
      data: [
        {
          id: "shop /shop/*",
          api: "shop",
          version: null,
          deprecated: false,
          host: null,
          path: "/shop/*",
          methods: null,
          upstream: upstream.url,
          auth: "key",
          permissions: [],
          rateLimit: ["9/s"],
          emits: [],
        },
      ],
      next: null,
    });
    expect((await app.as({ permissions: ["*"] }).get("/gateway/routes")).status).toBe(403);
  });
});
