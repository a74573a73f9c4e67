// Documents that nobody here wrote: Stripe, Slack, Asana, Xero. Every operation is a route; Stripe's own client speaks
// through Portico with nothing changed but where it dials.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import Stripe from "stripe";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { createTestApp } from "../packages/server/src/kernel/testing/index.ts";
import type { TestApp } from "../packages/server/src/kernel/testing/index.ts";
import {
  publicDocument,
  readDocument,
  routesOf,
} from "../packages/server/src/pillars/gateway/openapi/index.ts";
import { downgrade } from "../packages/server/src/pillars/docs/downgrade/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { stripeUpstream } from "./stripe.fixture.ts";
import type { StripeUpstream } from "./stripe.fixture.ts";

const SPECS = resolve(process.env["PORTICO_SPECS"] ?? "../shared/specs");
const STRIPE = resolve(SPECS, "stripe.2023-08-16.yaml");
const isThere = existsSync(STRIPE);
if (!isThere) {
  process.stderr.write(
    `Skipped: ${SPECS} is missing; PORTICO_SPECS says where the documents are.\n`,
  );
}

interface FrontedStripe extends AsyncDisposable {
  readonly upstream: StripeUpstream;
  readonly app: TestApp;
  readonly url: string;
  readonly stripe: Stripe;
}

async function frontedStripe(more: Record<string, unknown> = {}): Promise<FrontedStripe> {
  const upstream = await stripeUpstream(resolve(SPECS, "stripe.2023-08-16.fixtures.json"));
  const api = { id: "stripe", upstream: upstream.url, openapi: STRIPE, ...more };
  const app = await createTestApp({ plugins: builtIns(), settings: { gateway: { apis: [api] } } });
  const { url } = await app.listen("127.0.0.1", 0);
  const made = await app.as().post("/keys", { name: "Shop", permissions: [] });
  const { key } = made.json() as { readonly key: string };
  const stripe = new Stripe(key, {
    host: "127.0.0.1",
    port: Number(new URL(url).port),
    protocol: "http",
    telemetry: false,
  });
  return {
    upstream,
    app,
    url,
    stripe,
    [Symbol.asyncDispose]: async () => {
      await app.stop(1_000);
      await upstream[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(!isThere)("a real document", () => {
  it.each([
    ["stripe.2023-08-16.yaml", "3.0.0", 468, "/"],
    ["slack.yaml", "3.0.0", 174, "/api"],
    ["asana.yaml", "3.0.0", 152, "/api/1.0"],
    ["xero.yaml", "3.0.0", 224, "/api.xro/2.0"],
  ])(
    "%s: every operation is a route, and its page is valid in 3.1 and 3.0",
    async (name, given, count, basePath) => {
      const { document, mistakes } = await readDocument(resolve(SPECS, name));
      expect(mistakes).toBeUndefined();
      if (document === undefined) throw new TypeError("no document");
      expect(document.given).toBe(given);
      expect(document.basePath).toBe(basePath);
      const routes = routesOf(document);
      expect(routes).toHaveLength(count);
      const keys = routes.map(
        ({ methods, path }) => `${methods[0]} ${path.replaceAll(/\{[^:}]*/g, "{")}`,
      );
      expect(new Set(keys).size).toBe(count);
      const shown = publicDocument(document, { serverUrl: "https://api.example.com" });
      for (const [version, json] of [
        ["3.1", shown],
        ["3.0", downgrade(shown)],
      ] as const) {
        const validator = new Validator();
        const result = await validator.validate(structuredClone(json));
        expect(result, version).toMatchObject({ valid: true });
        expect(validator.version).toBe(version);
      }
    },
  );

  it.each(["stripe.2023-08-16.yaml", "slack.yaml", "asana.yaml", "xero.yaml"])(
    "%s: each operation is found by its path, and is judged or forwarded",
    async (name) => {
      const source = resolve(SPECS, name);
      const { document } = await readDocument(source);
      // Nobody listens there: 502 tells that a call was let through.
      const api = { id: "real", upstream: "http://127.0.0.1:9", openapi: source, auth: "none" };
      const settings = { gateway: { apis: [{ ...api, permissions: [] }] } };
      await using app = await createTestApp({ plugins: builtIns(), settings });
      const { url } = await app.listen("127.0.0.1", 0);
      const found = new Map<number, number>();
      for (const { method, path } of document?.operations ?? []) {
        const filled = path.replaceAll(/\{[^}]*\}/g, "6f9619ff-8b86-d011-b42d-00cf4fc964ff");
        // Xero asks for its tenant on every call.
        const headers = { "xero-tenant-id": "6f9619ff-8b86-d011-b42d-00cf4fc964ff" };
        const { status } = await fetch(
          `${url}${document?.basePath.replace(/\/$/, "") ?? ""}${filled}`,
          { method, headers },
        );
        found.set(status, (found.get(status) ?? 0) + 1);
      }
      expect([...found.keys()].toSorted((a, b) => a - b)).toStrictEqual([422, 502]);
      expect(found.get(502)).toBeGreaterThan(20);
    },
    120_000,
  );
});

describe.skipIf(!isThere)("Stripe's own client through Portico", () => {
  it("creates, retrieves and lists customers and charges, page by page", async () => {
    await using fronted = await frontedStripe();
    const { stripe, upstream } = fronted;
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const metadata = { index: String(index) };
      const { id } = await stripe.customers.create({ email: `c${index}@example.com`, metadata });
      made.unshift(id);
    }
    const found: string[] = [];
    for await (const { id } of stripe.customers.list({ limit: 2 })) found.push(id);
    expect(found).toStrictEqual(made);
    const [first = ""] = made;
    const customer = await stripe.customers.retrieve(first, { expand: ["sources"] });
    expect(customer).toMatchObject({ object: "customer", email: "c4@example.com" });
    const charge = await stripe.charges.create({
      amount: 2_000,
      currency: "usd",
      source: "tok_visa",
    });
    expect(charge).toMatchObject({ object: "charge", currency: "usd" });
    const charges = await stripe.charges.list({ created: { gte: 1 }, limit: 1 });
    expect(charges.data.map(({ id }) => id)).toStrictEqual([charge.id]);
    expect(upstream.seen.map(({ url }) => url).slice(5, 8)).toStrictEqual([
      "/v1/customers?limit=2",
      `/v1/customers?limit=2&starting_after=${made[1]}`,
      `/v1/customers?limit=2&starting_after=${made[3]}`,
    ]);
  });

  it("passes its body, its version and its idempotency key on as they came, and keeps the key of Portico", async () => {
    await using fronted = await frontedStripe();
    const { stripe, upstream } = fronted;
    const address = { city: "Zürich", line1: "a&b=c" };
    await stripe.customers.create({ address }, { idempotencyKey: "order-7" });
    const [call] = upstream.seen;
    expect(call?.headers["idempotency-key"]).toBe("order-7");
    expect(call?.headers["stripe-version"]).toBe(Stripe.API_VERSION);
    expect(call?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toStrictEqual({
      "address[city]": "Zürich",
      "address[line1]": "a&b=c",
    });
  });

  it("is refused before the upstream hears of it, with every mistake", async () => {
    await using fronted = await frontedStripe();
    const { stripe, upstream, url } = fronted;
    const wrong = {
      amount: "ten",
      shipping: { name: "A" },
      colour: "red",
    } as unknown as Stripe.ChargeCreateParams;
    const refused: unknown = await stripe.charges.create(wrong).catch((error: unknown) => error);
    expect(JSON.stringify(refused)).toContain("gateway.requestInvalid");
    const plain = await fetch(`${url}/v1/charges?expand[]=a`, {
      method: "POST",
      headers: { authorization: `Bearer ${await keyOf(fronted.app)}` },
      body: new URLSearchParams({ amount: "ten", "shipping[name]": "A", colour: "red" }),
    });
    expect(plain.status).toBe(422);
    const { errors } = (await plain.json()) as { readonly errors: readonly { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer).toSorted()).toStrictEqual([
      "/amount",
      "/colour",
      "/shipping/address",
    ]);
    expect(upstream.seen).toHaveLength(0);
  });

  it("is described by pages that are reached through Portico, in 3.1 and 3.0", async () => {
    await using fronted = await frontedStripe();
    for (const [path, version] of [
      ["/openapi/stripe.json", "3.1"],
      ["/openapi-3.0/stripe.json", "3.0"],
    ] as const) {
      const reply = await fetch(`${fronted.url}${path}`);
      expect(reply.status).toBe(200);
      const shown = (await reply.json()) as Record<string, unknown>;
      expect(shown["servers"]).toStrictEqual([{ url: fronted.url }]);
      const validator = new Validator();
      expect(await validator.validate(shown)).toMatchObject({ valid: true });
      expect(validator.version).toBe(version);
    }
  });

  it("gets replies that fit, and 502 for one that does not, where replies are enforced", async () => {
    await using fronted = await frontedStripe({ responses: "enforce" });
    const { stripe, upstream, url } = fronted;
    expect((await stripe.customers.retrieve("cus_1")).object).toBe("customer");
    upstream.reply = { object: "customer", id: 7 };
    const key = await keyOf(fronted.app);
    const reply = await fetch(`${url}/v1/customers/cus_1`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(reply.status).toBe(502);
    expect(await reply.json()).toMatchObject({ code: "gateway.replyInvalid" });
  });
});

async function keyOf(app: TestApp): Promise<string> {
  const made = await app.as().post("/keys", { name: "Plain", permissions: [] });
  return (made.json() as { readonly key: string }).key;
}
