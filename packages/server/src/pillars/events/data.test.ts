import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { acceptData, viewData } from "./data.ts";

function accept(json: string): string {
  const options = { arrived: Buffer.from(json), bytesMax: 1_000 };
  return Buffer.from(acceptData(JSON.parse(json), options)).toString();
}

describe("acceptData", () => {
  it("keeps what arrived, not what the parser made of it", () => {
    const json = '{ "z":1.0, "a":12345678901234567890, "1":"\\u00e9 \\ud83d\\ude00" }';
    expect(accept(json)).toBe(json);
  });

  it("writes a value that came without bytes as JSON", () => {
    const bytes = acceptData({ a: [1, "ü"] }, { arrived: undefined, bytesMax: 100 });
    expect(Buffer.from(bytes).toString()).toBe('{"a":[1,"ü"]}');
  });

  it("counts bytes, not characters, and names both sizes", () => {
    const accepting = (): unknown =>
      acceptData("ü".repeat(10), { arrived: undefined, bytesMax: 21 });
    expect(accepting).toThrow(
      expect.objectContaining({ code: "events.dataTooLarge", status: 413 }),
    );
    expect(accepting).toThrow("has 22 bytes; at most 21");
  });

  it.each([
    ["U+0000 in a text", { a: ["x\u0000"] }],
    ["U+0000 in a key", { "a\u0000": 1 }],
    ["a lone high surrogate", { a: { b: "\ud83d" } }],
    ["a lone low surrogate", "\udE00"],
  ])("refuses %s in a value that came without bytes", (_what, value) => {
    expect(() => acceptData(value, { arrived: undefined, bytesMax: 100 })).toThrow(
      expect.objectContaining({ code: "events.badText" }),
    );
  });
});

describe("viewData", () => {
  it("writes numbers again as they arrived", () => {
    const json = '{"a":1.0,"b":12345678901234567890,"c":[1e3,-0,0.1,7],"d":"1.0"}';
    expect(JSON.stringify(viewData(Buffer.from(json), "application/json"))).toBe(json);
  });

  it("shows what is not JSON as base64", () => {
    expect(viewData(Buffer.from([0, 255]), "application/octet-stream")).toBe("AP8=");
  });

  it("reads media types with suffix and parameters as JSON", () => {
    expect(viewData(Buffer.from("[]"), "application/cloudevents+json; charset=utf-8")).toEqual([]);
  });
});
