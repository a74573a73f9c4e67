import { createTestApp, describeStore, fakeClock } from "portico/testing";
import type { TestApp } from "portico/testing";
import { expect, it } from "vitest";
import { events } from "./index.ts";

const plugins = [events];
const schema = {
  type: "object",
  properties: { total: { type: "integer" }, note: { type: "string" } },
  required: ["total"],
};
const sent = { type: "invoice.sent", schema, example: { total: 1 } };

function code(reply: { json(): unknown }): string {
  return (reply.json() as { code: string }).code;
}

async function describe(app: TestApp, more: object = {}): Promise<void> {
  const made = await app.as().post("/event-types", { ...sent, ...more });
  expect(made.status).toBe(201);
}

describeStore("event types", (open) => {
  it("keeps every version of a schema, and a change that breaks nobody is a new one", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    await describe(app, { group: "Invoices", description: "It left." });
    const wider = { ...schema, properties: { ...schema.properties, paid: { type: "boolean" } } };
    const changed = await app.as().patch("/event-types/invoice.sent", { schema: wider });
    expect(changed.json()).toMatchObject({ version: 2, schema: wider, example: null, revision: 2 });
    const first = await app.as().get("/event-types/invoice.sent?version=1");
    expect(first.json()).toMatchObject({
      version: 1,
      schema,
      example: { total: 1 },
      group: "Invoices",
    });
    const same = await app
      .as()
      .patch("/event-types/invoice.sent", { schema: wider, deprecated: true });
    expect(same.json()).toMatchObject({ version: 2, deprecated: true, description: "It left." });
    expect((await app.events()).map(({ type, data }) => [type, data])).toEqual([
      ["event_type.created", { type: "invoice.sent", version: 1 }],
      ["event_type.updated", { type: "invoice.sent", version: 2 }],
      ["event_type.updated", { type: "invoice.sent", version: 2 }],
    ]);
  });

  it("refuses a breaking change with each change and whom it breaks, and takes it by force", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    await describe(app);
    const other = {
      type: "object",
      properties: { total: { type: "string" } },
      required: ["total", "vat"],
    };
    const refused = await app.as().patch("/event-types/invoice.sent", { schema: other });
    expect([refused.status, code(refused)]).toEqual([409, "events.breaking"]);
    expect(refused.json()).toMatchObject({
      detail: expect.stringContaining("breaks producers and consumers, by 4 changes"),
      errors: [
        { pointer: "/note", detail: "is no longer described (breaks consumers)" },
        { pointer: "/vat", detail: "is now required (breaks producers)" },
        { pointer: "/total", detail: "may no longer be integer (breaks producers)" },
        { pointer: "/total", detail: "may now be string (breaks consumers)" },
      ],
    });
    expect((await app.as().get("/event-types/invoice.sent")).json()).toMatchObject({
      version: 1,
      schema,
    });
    const forced = await app
      .as()
      .patch("/event-types/invoice.sent", { schema: other, force: true });
    expect(forced.json()).toMatchObject({ version: 2, schema: other });
  });

  it("judges by the schema that is in force, at once after its change", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    const publish = (): ReturnType<ReturnType<TestApp["as"]>["post"]> =>
      app.as().post("/events", { type: "invoice.sent", data: { total: "7" } });
    expect((await publish()).json()).not.toHaveProperty("warnings");
    await describe(app);
    const warned = await publish();
    expect(warned.status).toBe(202);
    expect(warned.json()).toMatchObject({
      warnings: [{ pointer: "/data/total", detail: "must be integer, not string" }],
    });
    await app.as().patch("/event-types/invoice.sent", { validation: "enforce" });
    const refused = await publish();
    expect([refused.status, code(refused)]).toEqual([422, "events.dataUnfit"]);
    expect(refused.json()).toMatchObject({ errors: [{ pointer: "/data/total" }] });
    await app.as().patch("/event-types/invoice.sent", { validation: "off" });
    expect((await publish()).json()).not.toHaveProperty("warnings");
    await app.as().patch("/event-types/invoice.sent", { validation: "enforce" });
    await app.as().delete("/event-types/invoice.sent");
    expect((await publish()).status).toBe(202);
    const stored = (await app.events()).filter(({ type }) => type === "invoice.sent");
    expect(stored).toHaveLength(4);
  });

  it("refuses a whole batch for one event that its type does not let pass, and names it", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    await describe(app, { validation: "enforce" });
    const good = { type: "invoice.sent", data: { total: 1 } };
    const batch = { events: [good, { ...good, data: { total: null } }, good] };
    const refused = await app.as().post("/events/batch", batch);
    expect(refused.json()).toMatchObject({
      code: "events.dataUnfit",
      errors: [{ pointer: "/events/1/data/total", detail: "must be integer, not null" }],
    });
    expect((await app.events()).filter(({ type }) => type === "invoice.sent")).toEqual([]);
  });

  it("are each organization's own", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    await describe(app, { validation: "enforce" });
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    expect((await stranger.get("/event-types/invoice.sent")).status).toBe(404);
    expect((await stranger.patch("/event-types/invoice.sent", { deprecated: true })).status).toBe(
      404,
    );
    expect((await stranger.post("/events", { type: "invoice.sent", data: 1 })).status).toBe(202);
    expect((await stranger.post("/event-types", sent)).status).toBe(201);
  });

  it("refuses the change of somebody who knew another revision", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    await describe(app);
    const stale = await app
      .as()
      .patch("/event-types/invoice.sent", { deprecated: true }, { "if-match": '"7"' });
    expect(stale.status).toBe(412);
  });

  it("shows what plugins declare beside its own, and lets nobody change that", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    await describe(app);
    const list = (await app.as().get("/event-types?limit=2")).json() as {
      data: object[];
      next: string;
    };
    expect(list.data).toMatchObject([
      { type: "event_type.created", plugin: "events", group: "events" },
      { type: "event_type.deleted", plugin: "events" },
    ]);
    const rest = await app.as().get(`/event-types?limit=2&cursor=${list.next}`);
    expect(rest.json()).toMatchObject({
      data: [{ type: "event_type.updated" }, { type: "invoice.sent", plugin: null, version: 1 }],
    });
    const declared = await app.as().get("/event-types/event_type.created");
    expect(declared.json()).toMatchObject({ schema: { type: "object" }, example: { version: 1 } });
    const changed = await app.as().patch("/event-types/event_type.created", { deprecated: true });
    expect([changed.status, code(changed)]).toEqual([409, "events.typeOfPlugin"]);
    expect(code(await app.as().delete("/event-types/event_type.created"))).toBe(
      "events.typeOfPlugin",
    );
    expect(code(await app.as().post("/event-types", { type: "event_type.created" }))).toBe(
      "events.reservedType",
    );
  });

  it("judges all events of a request in the time of a few, however long each could take", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    const next = (level: number): object => ({ $ref: `#/$defs/d${level + 1}` });
    const $defs = Object.fromEntries(
      Array.from({ length: 31 }, (_, level) => [
        `d${level}`,
        level === 30 ? {} : { allOf: [next(level), next(level)] },
      ]),
    );
    await app.as().post("/event-types", { type: "a.b", schema: { ...next(-1), $defs } });
    const events = Array(100).fill({ type: "a.b", data: {} });
    const sent = await app.as().post("/events/batch", { events });
    expect(sent.status).toBe(202);
    const { warnings } = sent.json() as { warnings: { detail: string }[] };
    expect(
      warnings.filter(({ detail }) => detail.startsWith("takes more than 250000")),
    ).toHaveLength(4);
    expect(warnings.filter(({ detail }) => detail.endsWith("have left to it"))).toHaveLength(96);
  });

  it.each([
    ["a schema that is none", { schema: { type: "text" } }, "events.badSchema", "/schema/type"],
    [
      "a schema that is loaded from elsewhere",
      { schema: { $ref: "https://a.test" } },
      "events.badSchema",
      "/schema/$ref",
    ],
    [
      "an example that does not fit",
      { schema, example: {} },
      "events.badExample",
      "/example/total",
    ],
  ])("refuses %s", async (_what, more, expected, pointer) => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    const refused = await app.as().post("/event-types", { type: "a.b", ...more });
    expect(refused.status).toBe(422);
    expect(refused.json()).toMatchObject({ code: expected, errors: [{ pointer }] });
  });
});

it("a process that has not read the change feed for a second judges by what the database says", async () => {
  await using app = await createTestApp({ plugins, clock: fakeClock() });
  await describe(app, { validation: "enforce" });
  const publish = { type: "invoice.sent", data: {} };
  for (let times = 0; times < 3; times += 1) {
    expect((await app.as().post("/events", publish)).status).toBe(422);
  }
  // As another process would: the row changes, and this one has not been told.
  await app.spine.hub.driver.transaction((tx) =>
    tx.execute({ sql: "update events_types set validation = 'off'", parameters: [] }),
  );
  app.context("events").changes.stale = () => true;
  expect((await app.as().post("/events", publish)).status).toBe(202);
});
