import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { parseExact } from "./exact-json.ts";

describe("parseExact", () => {
  it("is written again with every number as it was", () => {
    const json = '{"a":1.0,"b":12345678901234567890,"c":[1e3,-0,0.1,7],"d":"1.0"}';
    expect(JSON.stringify(parseExact(Buffer.from(json)))).toBe(json);
  });

  it("leaves numbers that JavaScript writes the same as numbers", () => {
    expect(parseExact(Buffer.from('{"a":[7,0.1,-3]}'))).toEqual({ a: [7, 0.1, -3] });
  });
});
