// A route makes events of calls that have succeeded: a schema that its type enforces cannot undo them.
import { expect, test } from "vitest";
import { createTestApp } from "../packages/server/src/kernel/testing/index.ts";
import { describeStore } from "../packages/server/src/kernel/testing/describe-store.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { httpUpstream } from "../packages/server/src/pillars/gateway/upstreams.fixture.ts";

describeStore("a route's event that its type would refuse", (open) => {
  test("is stored, the caller gets the answer, and what does not fit is told on the log in the event's thread", async () => {
    await using upstream = await httpUpstream((request, response) =>
      response.end(request.url?.includes("bad") === true ? '{"total":"9.0"}' : '{"total":9.0}'),
    );
    await using database = await open();
    const emits = [{ on: { method: "POST", path: "/pay/{id}" }, type: "invoice.paid" }];
    const api = { id: "shop", basePath: "/shop", upstream: upstream.url, auth: "none", emits };
    await using app = await createTestApp({
      plugins: builtIns(),
      driver: database.driver,
      settings: { gateway: { apis: [api] } },
    });
    const schema = { properties: { total: { type: "number" } }, required: ["total"] };
    const made = await app
      .as()
      .post("/event-types", { type: "invoice.paid", schema, validation: "enforce" });
    expect(made.status).toBe(201);
    const { url } = await app.listen("127.0.0.1", 0);
    for (const id of ["good", "bad"]) {
      const reply = await fetch(`${url}/shop/pay/${id}`, { method: "POST" });
      expect([reply.status, await reply.text()]).toEqual([
        200,
        id === "bad" ? '{"total":"9.0"}' : '{"total":9.0}',
      ]);
    }
    const seen = (await app.events()).filter(({ type }) => type !== "event_type.created");
    expect(seen.map(({ type }) => type)).toEqual([
      "invoice.paid",
      "invoice.paid",
      "gateway.event_unfit",
    ]);
    const [, bad, told] = seen;
    expect(told?.data).toEqual({
      event: bad?.event.id,
      type: "invoice.paid",
      places: [{ pointer: "/total", detail: "must be number, not string" }],
    });
    expect(told?.event).toMatchObject({ cause: bad?.event.id, trace: bad?.event.trace });
  });
});
