// The story that crosses every floor: a request with a key is limited, proxied to an upstream, becomes an event, is
// delivered signed to a receiver, and is shown as one thread.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createLocalJWKSet, jwtVerify } from "jose";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { describeStore } from "../packages/server/src/kernel/testing/describe-store.ts";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";

interface Seen {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

describeStore("one thread through every floor", (open) => {
  test("request → event → delivery → attempt, each caused by the one before", async () => {
    await using upstream = await listen((_request, seen) => ({
      status: 200,
      body: `{"id":"inv_7","paid":true,"amount":1.0,"echo":${JSON.stringify(seen.body)}}`,
    }));
    await using receiver = await listen(() => ({ status: 204, body: "" }));
    await using database = await open();
    await using app = await createTestApp({
      plugins: builtIns(),
      driver: database.driver,
      settings: { gateway: { apis: [invoices(upstream.url)] } },
    });
    const { url } = await app.listen("127.0.0.1", 0);
    const hook = await app.as().post("/webhooks", { url: receiver.url, events: ["invoice.*"] });
    const { secret } = hook.json() as { readonly secret: string };
    const key = await keyOf(app);

    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const paid = await fetch(`${url}/shop/invoices/inv_7/pay`, {
      method: "POST",
      headers: { "x-api-key": key, traceparent: `00-${trace}-00f067aa0ba902b7-01` },
      body: "now",
    });
    expect(paid.status).toBe(200);
    expect(paid.headers.get("ratelimit")).toMatch(/r=1;/);
    await app.settled();

    const [call] = upstream.seen;
    expect(call?.headers["x-api-key"]).toBeUndefined();
    expect(JSON.stringify(call)).not.toContain(key);
    await expectIdentity(app, call);

    const [delivered] = receiver.seen;
    const headers = delivered?.headers as Record<string, string>;
    const body = new Webhook(secret).verify(delivered?.body ?? "", headers) as { type: string };
    expect(body.type).toBe("invoice.paid");
    expect(delivered?.body).toContain('"amount":1.0');

    const thread = await app.as().get(`/events/${headers["webhook-id"]}/thread`);
    const entries = (thread.json() as { data: { kind: string; id: string; cause: string }[] }).data;
    expect(entries.map(({ kind }) => kind)).toEqual(["request", "event", "delivery", "attempt"]);
    for (const [index, { cause }] of entries.slice(1).entries()) {
      expect(cause).toBe(entries[index]?.id);
    }
    expect(entries[0]?.id).toBe(paid.headers.get("x-request-id"));
  });

  test("a call beyond the key's limit is refused before the upstream hears of it, and tells when to come back", async () => {
    await using upstream = await listen(() => ({ status: 200, body: "{}" }));
    await using database = await open();
    await using app = await createTestApp({
      plugins: builtIns(),
      driver: database.driver,
      settings: { gateway: { apis: [invoices(upstream.url)] } },
    });
    const { url } = await app.listen("127.0.0.1", 0);
    const key = await keyOf(app);
    const call = () => fetch(`${url}/shop/invoices`, { headers: { "x-api-key": key } });
    expect([(await call()).status, (await call()).status]).toEqual([200, 200]);
    const refused = await call();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    expect(upstream.seen).toHaveLength(2);
  });
});

function invoices(upstream: string): object {
  return {
    id: "invoices",
    basePath: "/shop",
    stripBasePath: true,
    upstream,
    auth: "key",
    rateLimit: 2,
    emits: [
      {
        on: { method: "POST", path: "/invoices/{id}/pay" },
        type: "invoice.paid",
        subject: "/request/params/id",
      },
    ],
  };
}

async function keyOf(app: TestApp): Promise<string> {
  const made = await app.as().post("/keys", { name: "Acme", permissions: [] });
  return (made.json() as { readonly key: string }).key;
}

/** The upstream was told who calls, in a token that the published keys verify. */
async function expectIdentity(app: TestApp, call: Seen | undefined): Promise<void> {
  const published = await app.inject({ url: "/.well-known/jwks.json" });
  const token = Object.entries(call?.headers ?? {}).find(([name]) =>
    name.includes("identity"),
  )?.[1];
  const keys = createLocalJWKSet(published.json() as Parameters<typeof createLocalJWKSet>[0]);
  const { payload } = await jwtVerify(String(token), keys);
  expect(payload.sub).toMatch(/^key_/);
}

interface Listening extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly Seen[];
}

async function listen(
  answer: (
    request: IncomingMessage,
    seen: Seen,
  ) => { readonly status: number; readonly body: string },
): Promise<Listening> {
  const seen: Seen[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      const one = { headers: request.headers, body };
      seen.push(one);
      const { status, body: text } = answer(request, one);
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
