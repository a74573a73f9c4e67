// Whoever writes to the log says what led to it: a property over all writers there are.
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { describeStore } from "../packages/server/src/kernel/testing/describe-store.ts";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { createExamples, isInstanceWide } from "./examples/requests.ts";

/** Of a request, a job, a message that came in, work that nobody asked for. */
const ID = /^[a-z]+_[0-9a-z]{26}$/;

interface Entry {
  readonly kind: string;
  readonly id: string;
  readonly cause: string | null;
  readonly depth: number;
}

describeStore("every event, whoever wrote it,", (open) => {
  test("has a trace and a cause that leads back to what somebody did", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: builtIns(), driver: database.driver });
    const operations = builtIns().flatMap((plugin) => plugin.operations ?? []);
    const examples = createExamples(app, operations);
    const writers = operations.filter((each) => each.method !== "GET" && !isInstanceWide(each));
    for (const operation of writers) await examples.run(operation);
    await app.settled();
    const seen = await app.events();
    expect(new Set(seen.map(({ type }) => type)).size).toBeGreaterThan(10);
    const known = new Set(seen.map(({ event }) => event.id));
    for (const { type, event } of seen) {
      expect(event.trace, type).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
      expect(event.actor, type).not.toBe("");
      const { cause } = event;
      const leads = cause.startsWith("evt_") ? known.has(cause) : ID.test(cause);
      expect(leads, `${type} is caused by ${cause}`).toBe(true);
    }
  }, 60_000);
});

describeStore("the thread of an event", (open) => {
  test("holds the request, the event, its deliveries and attempts, and what those caused, each below its cause", async () => {
    const receiver = createServer((_request, response) => response.writeHead(410).end());
    receiver.listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const { port } = receiver.address() as AddressInfo;
    await using database = await open();
    await using app = await createTestApp({ plugins: builtIns(), driver: database.driver });
    const url = `http://127.0.0.1:${port}/`;
    const made = await app.as().post("/webhooks", { url, events: ["invoice.*"] });
    expect(made.status).toBe(201);
    const published = await app.as().post("/events", { type: "invoice.paid", data: {} });
    const { id } = published.json() as { id: string };
    await app.settled();
    const entries = await threadOf(app, id);
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    const kinds = entries.map(({ kind }) => kind);
    expect(kinds.slice(0, 4)).toEqual(["request", "event", "delivery", "attempt"]);
    expect(entries[0]?.id).toBe(published.headers["x-request-id"]);
    // 410 disables: what follows from the failure hangs on the same thread.
    expect(kinds.filter((kind) => kind === "event").length).toBeGreaterThan(1);
    for (const entry of entries) {
      const cause = entry.cause === null ? undefined : byId.get(entry.cause);
      expect(entry.depth).toBe(cause === undefined ? 0 : cause.depth + 1);
      expect(entry.kind === "request" || cause !== undefined, `${entry.kind} ${entry.cause}`).toBe(
        true,
      );
    }
    receiver.close();
  });
});

async function threadOf(app: TestApp, id: string): Promise<readonly Entry[]> {
  return ((await app.as().get(`/events/${id}/thread`)).json() as { data: Entry[] }).data;
}
