import { Buffer } from "node:buffer";
import { Type } from "typebox";
import { definePlugin, operation } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { createTestApp } from "portico/testing";
import type { TestApp, TestAppOptions, TestClient } from "portico/testing";
import { webhooks } from "./index.ts";

/** Puts any event on the log, its data given as text so that its bytes are the test's. */
const sell = operation({
  id: "shop.sell",
  method: "POST",
  path: "/sales",
  summary: "Emit an event",
  access: "caller",
  mode: "append",
  audit: "none",
  body: Type.Object({
    type: Type.String(),
    data: Type.String(),
    key: Type.Optional(Type.String()),
  }),
  replies: { 202: Type.Object({ id: Type.String(), status: Type.String() }) },
  example: { body: { type: "shop.sold", data: "{}" } },
  handle: ({ body, append }) => ({
    id: append.emit(
      body.type,
      Buffer.from(body.data),
      body.key === undefined ? {} : { key: body.key },
    ),
    status: "accepted",
  }),
});

const shop: AnyPlugin = definePlugin({
  id: "shop",
  version: "1.0.0",
  engine: "^1",
  operations: [sell],
});

/** A server with the webhooks pillar and a shop that emits what a test asks for. */
export async function openShop(options: Omit<TestAppOptions, "plugins"> = {}): Promise<TestApp> {
  return createTestApp({ plugins: [shop, webhooks], ...options });
}

/** A webhook as its creation answers it. */
export interface Created {
  readonly id: string;
  readonly secret: string;
}

/** One delivery as `GET /deliveries/{id}` answers it. */
export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly state: string;
  readonly attemptCount: number;
  readonly nextAttemptAt: string | null;
  readonly updatedAt: string;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly attempts: readonly {
    readonly status: number | null;
    readonly error: string | null;
    readonly responseBody: string | null;
  }[];
}

/** Creates a webhook for everything of the shop, and waits until the log has met its creation. */
export async function subscribe(
  app: TestApp,
  url: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Created> {
  const reply = await app.as().post("/webhooks", { url, events: ["shop.*"], ...more });
  if (reply.status !== 201) throw new TypeError(reply.text);
  return reply.json() as Created;
}

/** Emits an event and gives its id. */
export async function emit(app: TestApp, type = "shop.sold", data = '{"n":1}'): Promise<string> {
  const reply = await app.as().post("/sales", { type, data });
  return (reply.json() as { id: string }).id;
}

/** Emits an event of a key and gives its id. */
export async function emitKeyed(app: TestApp, key: string): Promise<string> {
  const reply = await app.as().post("/sales", { type: "shop.sold", data: "{}", key });
  return (reply.json() as { id: string }).id;
}

/** Lets what is to happen later with a kind of job happen now. */
export async function hasten(app: TestApp, job: string): Promise<void> {
  const sql = `update jobs_active set run_at = 0 where name = '${job}' and state = 'delayed'`;
  await app.spine.hub.driver.append([{ sql, parameters: [] }]);
  app.spine.jobs.wake();
  await app.settled();
}

/** The deliveries of a webhook, newest first, each with its attempts. */
export async function deliveriesOf(client: TestClient, webhook: string): Promise<Delivery[]> {
  const reply = await client.get(`/webhooks/${webhook}/deliveries?limit=200`);
  const { data } = reply.json() as { data: readonly { readonly id: string }[] };
  return Promise.all(
    data.map(async ({ id }) => (await client.get(`/deliveries/${id}`)).json() as Delivery),
  );
}

/** Types of all events on the log of `default`. */
export async function typesOf(app: TestApp): Promise<string[]> {
  return (await app.events()).map(({ type }) => type);
}
