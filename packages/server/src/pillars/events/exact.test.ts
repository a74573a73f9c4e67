import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementsBytes, memberBytes } from "./exact.ts";

function member(json: string, name: string): string | undefined {
  const found = memberBytes(Buffer.from(json), name);
  return found === undefined ? undefined : Buffer.from(found).toString();
}

describe("memberBytes", () => {
  it("keeps numbers, spaces and the order of keys as they were written", () => {
    const data = '{ "b" : 12345678901234567890, "10": 1.0,\n "a": -0.0e+1, "2": [ ] }';
    expect(member(`{"type":"x" , "data" : ${data} ,"key":null}`, "data")).toBe(data);
  });

  it("is not misled by brackets, quotes and the name inside strings and deeper objects", () => {
    const data = String.raw`{"data":"}\\\"]{","x":{"data":[1]}}`;
    expect(member(`{"a":{"data":1},"b":"\\"data\\":2","data":${data}}`, "data")).toBe(data);
  });

  it("finds a name that was written with escapes", () => {
    expect(member(String.raw`{"d\u0061ta":true}`, "data")).toBe("true");
  });

  it("takes the last of two values, as the parser does", () => {
    expect(member('{"data":1,"data":2}', "data")).toBe("2");
  });

  it("answers undefined when there is no such member", () => {
    expect(member('{"type":"x"}', "data")).toBeUndefined();
    expect(member(" {} ", "data")).toBeUndefined();
  });

  it("finds what the parser finds in any object, however it is indented", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.nat(3), (before, data, indent) => {
        const json = JSON.stringify({ before, data, after: [before] }, null, indent);
        expect(JSON.parse(member(json, "data") ?? "")).toEqual(JSON.parse(JSON.stringify(data)));
      }),
    );
  });
});

describe("elementsBytes", () => {
  it("gives every element of any array, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.nat(3), (values, indent) => {
        const json = JSON.stringify(values, null, indent);
        const parts = elementsBytes(Buffer.from(json)).map((part) => Buffer.from(part).toString());
        expect(parts.map((part) => JSON.parse(part) as unknown)).toEqual(JSON.parse(json));
      }),
    );
  });
});
