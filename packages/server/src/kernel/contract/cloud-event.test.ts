import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import {
  cloudEventBytes,
  cloudEventHeaders,
  isJsonType,
  toCloudEvent,
  type CloudEventContent,
} from "./cloud-event.ts";

const SOURCE = "https://api.example.com";
const paid: CloudEventContent = {
  id: "evt_1",
  type: "invoice.paid",
  subject: "inv_7",
  key: null,
  channels: [],
  data: Buffer.from('{"total": 1.0, "n": 12345678901234567890}'),
  contentType: "application/json",
  at: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  cause: "req_1",
  trace: "0af7651916cd43dd8448eb211c80319c",
};

test("an event is a CloudEvent with the four required attributes, its trace and its cause", () => {
  expect(toCloudEvent(paid, SOURCE)).toMatchObject({
    specversion: "1.0",
    id: "evt_1",
    source: SOURCE,
    type: "invoice.paid",
    subject: "inv_7",
    time: "2026-01-02T03:04:05.006Z",
    datacontenttype: "application/json",
    causationid: "req_1",
    traceparent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/),
  });
  expect(toCloudEvent(paid, SOURCE)).not.toHaveProperty("partitionkey");
});

test("the structured body holds JSON data byte for byte", () => {
  const text = Buffer.from(cloudEventBytes(paid, SOURCE)).toString();
  expect(text.endsWith(',"data":{"total": 1.0, "n": 12345678901234567890}}')).toBe(true);
  expect(JSON.parse(text)).toMatchObject({ id: "evt_1", data: { total: 1 } });
});

test("data that is not JSON goes as data_base64, and never beside data", () => {
  const picture = { ...paid, data: new Uint8Array([0, 255, 34]), contentType: "image/png" };
  expect(toCloudEvent(picture, SOURCE)).toMatchObject({ data_base64: "AP8i" });
  expect(JSON.parse(Buffer.from(cloudEventBytes(picture, SOURCE)).toString())).toEqual(
    toCloudEvent(picture, SOURCE),
  );
  expect(toCloudEvent(picture, SOURCE)).not.toHaveProperty("data");
});

test("header values are percent-encoded as the HTTP binding's own example, and datacontenttype is the content type", () => {
  const headers = cloudEventHeaders({ ...paid, subject: 'Euro € 😀 "5%"' }, SOURCE);
  expect(headers["ce-subject"]).toBe("Euro%20%E2%82%AC%20%F0%9F%98%80%20%225%25%22");
  expect(headers["content-type"]).toBe("application/json");
  expect(headers).not.toHaveProperty("ce-datacontenttype");
  for (const [name, value] of Object.entries(headers)) {
    expect(name).toMatch(/^(?:content-type|ce-[a-z0-9]+)$/);
    expect(value).toMatch(/^[\x21-\x7e]+$/);
  }
});

test("what no attribute may hold is replaced, so that a line break in a subject forges no header", () => {
  const headers = cloudEventHeaders({ ...paid, subject: "a\r\nce-id: b\u0000\uD800" }, SOURCE);
  expect(headers["ce-subject"]).toBe("a%EF%BF%BD%EF%BF%BDce-id:%20b%EF%BF%BD%EF%BF%BD");
});

test("what came as a CloudEvent keeps its producer's id, source, time and extensions", () => {
  const attributes = {
    id: "A-1",
    source: "/shop",
    time: "2020-01-01T00:00:00+01:00",
    tenant: "acme",
    attempt: 3,
    traceparent: "00-11111111111111111111111111111111-2222222222222222-01",
  };
  const told = toCloudEvent({ ...paid, key: "k", channels: ["a,b", "5%"], attributes }, SOURCE);
  expect(told).toMatchObject({
    ...attributes,
    porticoid: "evt_1",
    partitionkey: "k",
    channels: "a%2Cb,5%25",
  });
});

test.each([
  ["application/json", true],
  ["application/json; charset=utf-8", true],
  ["text/json", true],
  ["application/problem+json", true],
  ["application/jsonl", false],
  ["text/plain", false],
])("%s is JSON: %s", (type, isJson) => {
  expect(isJsonType(type)).toBe(isJson);
});
