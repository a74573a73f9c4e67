import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { envelope } from "./envelope.ts";
import type { Deliverable, Format } from "./envelope.ts";

const event: Omit<Deliverable, "data" | "contentType"> = {
  id: "evt_1",
  type: "invoice.paid",
  at: Date.UTC(2026, 0, 2),
  trace: "0".repeat(32),
  subject: null,
  key: null,
  channels: [],
  cause: "req_1",
  actor: "user:1",
};
const source = "https://api.example.com";
const exact = '{ "b":1.0, "a":12345678901234567890,\n"s":"\\u00e9" }';

function text(data: Uint8Array, contentType: string, format: Format): string {
  return Buffer.from(envelope({ ...event, data, contentType }, format, source)).toString();
}

describe("envelope", () => {
  it.each<[Format, string]>([
    [
      "standard",
      `{"id":"evt_1","type":"invoice.paid","timestamp":"2026-01-02T00:00:00.000Z","data":${exact}}`,
    ],
    [
      "event",
      `{"id":"evt_1","event":"invoice.paid","data":${exact},"timestamp":"2026-01-02T00:00:00.000Z"}`,
    ],
  ])("%s holds the data's bytes as they were accepted", (format, body) => {
    expect(text(Buffer.from(exact), "application/json", format)).toBe(body);
  });

  it("cloudevents is a CloudEvent 1.0 with the data's bytes as they were accepted", () => {
    const body = text(Buffer.from(exact), "application/json", "cloudevents");
    expect(body.endsWith(`,"data":${exact}}`)).toBe(true);
    expect(JSON.parse(body)).toMatchObject({
      specversion: "1.0",
      id: "evt_1",
      source,
      type: "invoice.paid",
      time: "2026-01-02T00:00:00.000Z",
    });
  });

  it.each<[Format, object]>([
    ["standard", { id: "evt_1", type: "invoice.paid", contentType: 'text/"x"', data: "AP8=" }],
    ["event", { id: "evt_1", event: "invoice.paid", contentType: 'text/"x"', data: "AP8=" }],
    ["cloudevents", { id: "evt_1", datacontenttype: 'text/"x"', data_base64: "AP8=" }],
  ])("%s carries what is not JSON as base64 beside its media type", (format, parts) => {
    expect(JSON.parse(text(Buffer.from([0, 255]), 'text/"x"', format))).toMatchObject(parts);
  });

  it("is the same bytes each time, JSON around any JSON data in every form (property)", () => {
    const format = fc.constantFrom<Format>("standard", "event", "cloudevents");
    fc.assert(
      fc.property(fc.json(), format, (json, form) => {
        const body = text(Buffer.from(json), "application/json", form);
        expect(body).toBe(text(Buffer.from(json), "application/json", form));
        expect(body).toContain(`"data":${json}`);
        expect((JSON.parse(body) as { data: unknown }).data).toEqual(JSON.parse(json));
      }),
    );
  });
});
