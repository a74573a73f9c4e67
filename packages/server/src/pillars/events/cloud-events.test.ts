import { Buffer } from "node:buffer";
import { createTestApp, describeStore } from "portico/testing";
import type { SeenEvent, TestApp } from "portico/testing";
import { expect, it } from "vitest";
import { events } from "./index.ts";

const plugins = [events];
const attributes = { specversion: "1.0", id: "A-1", source: "/shop", type: "invoice.paid" };
const STRUCTURED = "application/cloudevents+json";
const BATCH = "application/cloudevents-batch+json";

type Sent = Awaited<ReturnType<TestApp["inject"]>>;

function send(
  app: TestApp,
  body: string | Buffer,
  headers: Readonly<Record<string, string>>,
  path = "/events",
): Promise<Sent> {
  return app.inject({
    method: "POST",
    url: `/api/v1${path}`,
    headers: { ...app.as().headers, ...headers },
    body,
  });
}

function textOf(seen: SeenEvent | undefined): string {
  return Buffer.from(seen?.event.data ?? []).toString();
}

describeStore("a CloudEvent", (open) => {
  it("in structured mode is stored with the bytes of its data, and goes out as it came", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    const more = { ...attributes, subject: "inv_1", partitionkey: "acme", channels: "a,b%2Cc" };
    const told = {
      ...more,
      time: "2020-01-01T00:00:00+01:00",
      tenant: "t1",
      attempt: 3,
      urgent: true,
    };
    const body = `${JSON.stringify(told).slice(0, -1)}, "unset": null, "data": {"n": 1.0} }`;
    const reply = await send(app, body, { "content-type": `${STRUCTURED}; charset=utf-8` });
    expect(reply.status).toBe(202);
    const [seen] = await app.events();
    expect(textOf(seen)).toBe('{"n": 1.0}');
    expect(seen?.event).toMatchObject({ subject: "inv_1", key: "acme", channels: ["a", "b,c"] });
    const { id } = reply.json() as { id: string };
    const out = await app.as().get(`/events/${id}`, { accept: STRUCTURED });
    expect(out.headers["content-type"]).toMatch(/^application\/cloudevents\+json\b/);
    expect(out.json()).toMatchObject({ ...told, porticoid: id, data: { n: 1 } });
    expect(out.text).toContain('"data":{"n": 1.0}');
    const again = await send(app, body, { "content-type": STRUCTURED });
    expect(again.json()).toMatchObject({ id });
    expect(await app.events()).toHaveLength(1);
  });

  it("in binary mode has its attributes in header fields and its data as the body, of any type", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    const headers = (id: string): Record<string, string> => ({
      "ce-specversion": "1.0",
      "ce-id": id,
      "ce-source": "/shop",
      "ce-type": "invoice.paid",
      "ce-subject": "Euro%20%e2%82%ac",
      "ce-tenant": '"a \\"b\\" 5%"',
    });
    const json = { ...headers("1"), "content-type": "application/json" };
    const bytes = { ...headers("2"), "content-type": "image/png" };
    expect((await send(app, ' {"n":1e3} ', json)).status).toBe(202);
    expect((await send(app, Buffer.from([0, 255, 1]), bytes)).status).toBe(202);
    const seen = await app.events();
    expect(textOf(seen[0])).toBe('{"n":1e3}');
    expect(seen[0]?.event).toMatchObject({
      subject: "Euro €",
      attributes: { id: "1", source: "/shop", tenant: 'a "b" 5%' },
    });
    expect([...(seen[1]?.event.data ?? [])]).toEqual([0, 255, 1]);
    expect(seen[1]?.event.contentType).toBe("image/png");
    const out = await app
      .as()
      .get(`/events/${seen[1]?.event.id}`, { accept: `text/html, ${STRUCTURED};q=0.9` });
    expect(out.json()).toMatchObject({
      id: "2",
      datacontenttype: "image/png",
      data_base64: "AP8B",
    });
  });

  it("in a batch is one of many, all of which are stored or none, and leaves so page by page", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins, driver: database.driver });
    const list = [
      { ...attributes, data: 1 },
      { ...attributes, id: "A-2", datacontenttype: "text/plain", data: "héllo" },
      { ...attributes, id: "A-3", datacontenttype: "application/json", data_base64: "WzEuMF0=" },
    ];
    const sent = await send(app, JSON.stringify(list), { "content-type": BATCH }, "/events/batch");
    expect(sent.status).toBe(202);
    expect((await app.events()).map((seen) => textOf(seen))).toEqual(["1", "héllo", "[1.0]"]);
    const broken = JSON.stringify([
      { ...attributes, id: "A-4" },
      { ...attributes, source: "" },
    ]);
    const refused = await send(app, broken, { "content-type": BATCH }, "/events/batch");
    expect(refused.json()).toMatchObject({ status: 422, code: "events.badCloudEvent" });
    expect(await app.events()).toHaveLength(3);
    const first = await app.as().get("/events?order=oldest&limit=2", { accept: BATCH });
    expect(first.headers["content-type"]).toMatch(/^application\/cloudevents-batch\+json\b/);
    expect(first.json()).toMatchObject([{ id: "A-1" }, { id: "A-2", data_base64: "aMOpbGxv" }]);
    const next = /^<(.*)>; rel="next"$/.exec(String(first.headers["link"]))?.[1] ?? "";
    const second = await app.as().get(`/events${next}`, { accept: BATCH });
    expect(second.json()).toMatchObject([{ id: "A-3", data: [1] }]);
    expect(second.headers).not.toHaveProperty("link");
  });
});

it.each([
  ["another specversion", { ...attributes, specversion: "0.3" }, "specversion must be 1.0"],
  ["no id", { ...attributes, id: undefined }, "id is missing"],
  ["an empty source", { ...attributes, source: "" }, "source is missing or empty"],
  ["an attribute with a capital", { ...attributes, tenantId: "a" }, "lower-case letters"],
  ["an attribute that is an object", { ...attributes, tenant: {} }, "not a text, integer"],
  ["both forms of data", { ...attributes, data: 1, data_base64: "AA==" }, "exclude each other"],
  ["base64 that is none", { ...attributes, data_base64: "*" }, "not base64"],
  [
    "data of text that is no text",
    { ...attributes, datacontenttype: "text/plain", data: {} },
    "is a text",
  ],
  ["a time that is none", { ...attributes, time: "yesterday" }, "RFC 3339"],
  ["a list", [attributes], "a JSON object"],
])("422: refuses %s as a CloudEvent, and stores nothing", async (_what, body, reason) => {
  await using app = await createTestApp({ plugins });
  const reply = await send(app, JSON.stringify(body), { "content-type": STRUCTURED });
  expect(reply.json()).toMatchObject({
    code: "events.badCloudEvent",
    detail: expect.stringContaining(reason),
  });
  expect(await app.events()).toEqual([]);
});

it.each([
  ["percent-encoded bytes that are not UTF-8", { "ce-subject": "%C0%A0" }, "not UTF-8"],
  ["ce-datacontenttype", { "ce-datacontenttype": "text/plain" }, "Content-Type says it"],
])("422: refuses %s in binary mode", async (_what, headers, reason) => {
  await using app = await createTestApp({ plugins });
  const binary = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]);
  const all = { ...Object.fromEntries(binary), "content-type": "application/json", ...headers };
  const reply = await send(app, "1", all as Record<string, string>);
  expect(reply.json()).toMatchObject({ detail: expect.stringContaining(reason) });
});

it("415: a batch is told where it is taken; JSON that does not parse is malformed in every mode", async () => {
  await using app = await createTestApp({ plugins });
  const batch = await send(app, "[]", { "content-type": BATCH });
  expect(batch.json()).toMatchObject({ status: 415, code: "events.batchElsewhere" });
  const binary = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]);
  const headers = { ...Object.fromEntries(binary), "content-type": "application/json" };
  for (const body of ['{"a":1', '1,"subject":"x"', '{"a":1,"a":2}']) {
    const reply = await send(app, body, headers as Record<string, string>);
    expect([400, 422]).toContain(reply.status);
  }
  expect(await app.events()).toEqual([]);
});
