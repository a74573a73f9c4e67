import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { envelope } from "./envelope.ts";

const event = {
  id: "evt_1",
  type: "invoice.paid",
  at: Date.UTC(2026, 0, 2),
  trace: "0".repeat(32),
};

describe("envelope", () => {
  it("holds the data's bytes as they were accepted", () => {
    const data = '{ "b":1.0, "a":12345678901234567890,\n"s":"\\u00e9" }';
    const body = envelope({ ...event, data: Buffer.from(data), contentType: "application/json" });
    expect(Buffer.from(body).toString()).toBe(
      `{"type":"invoice.paid","timestamp":"2026-01-02T00:00:00.000Z","data":${data}}`,
    );
  });

  it("carries what is not JSON as base64 beside its media type", () => {
    const body = envelope({ ...event, data: Buffer.from([0, 255]), contentType: 'text/"x"' });
    expect(JSON.parse(Buffer.from(body).toString())).toEqual({
      type: "invoice.paid",
      timestamp: "2026-01-02T00:00:00.000Z",
      contentType: 'text/"x"',
      data: "AP8=",
    });
  });
});
