import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageHeaders, MessageQuery, readJsonBody, wireValue, writeJsonBody } from "./index.ts";

const json = { contentType: "application/json; charset=utf-8", contentEncoding: undefined };
const read = (text: string) => readJsonBody(Buffer.from(text), json);

describe("header fields of a message", () => {
  it("are set, added, renamed and removed without regard to case, the others keep order", () => {
    const headers = new MessageHeaders(["A", "1", "x-b", "2", "X-B", "3", "c", "4"]);
    headers.rename("X-b", "X-D");
    headers.add("A", "5");
    headers.remove("C");
    expect(headers.toRaw()).toStrictEqual(["A", "1", "X-D", "2", "X-D", "3", "A", "5"]);
    headers.set("a", "6");
    expect(headers.toRaw()).toStrictEqual(["X-D", "2", "X-D", "3", "a", "6"]);
    expect(headers.get("x-d")).toBe("2, 3");
    expect([...headers.edited].toSorted()).toStrictEqual(["a", "c", "x-b", "x-d"]);
  });

  it.each([
    "Host",
    "content-length",
    "Transfer-Encoding",
    "CONNECTION",
    "keep-alive",
    "TE",
    "Upgrade",
    "X-Forwarded-For",
    "x-forwarded-anything",
    "Forwarded",
    "Via",
    "Portico-Identity",
    "X-Request-Id",
    "traceparent",
    "Expect",
    "proxy-authorization",
    "bad name",
    "bad:name",
    "",
    "a\r\nb",
  ])("may not be '%s'", (name) => {
    const headers = new MessageHeaders(["Host", "a"]);
    expect(() => headers.set(name, "x")).toThrow(TypeError);
    expect(() => headers.add(name, "x")).toThrow(TypeError);
    expect(() => headers.remove(name)).toThrow(TypeError);
    expect(() => headers.rename(name, "x")).toThrow(TypeError);
    expect(() => headers.rename("x", name)).toThrow(TypeError);
    expect(headers.toRaw()).toStrictEqual(["Host", "a"]);
  });

  it("take no value that could begin another field, whatever it is made of", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const written = wireValue(value);
        const hasControl = [...value].some((each) => {
          const code = each.codePointAt(0) ?? 0;
          return (code < 0x20 && code !== 9) || code === 0x7f;
        });
        const isWritten = !hasControl && value.isWellFormed();
        const read = Buffer.from(written ?? "", "latin1").toString();
        expect(written === undefined ? undefined : read).toBe(isWritten ? value.trim() : undefined);
      }),
    );
    for (const bad of ["a\r\nb", "a\nb", "a\0b", "\ud800"]) expect(wireValue(bad)).toBeUndefined();
  });
});

describe("the query of a message", () => {
  it("keeps what is not edited byte for byte", () => {
    const raw = "?a=%7e&b&&c=1+2&a=%zz&=x";
    expect(new MessageQuery(raw).toString()).toBe(raw);
    const query = new MessageQuery(raw);
    query.rename("c", "d");
    query.set("b", "é&=");
    expect(query.toString()).toBe("?a=%7e&&d=1%202&a=%zz&=x&b=%C3%A9%26%3D");
    query.remove("a");
    expect(query.all("a")).toStrictEqual([]);
  });

  it("reads what it has written", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, value) => {
        const query = new MessageQuery("");
        query.add(name, value);
        expect(new MessageQuery(query.toString()).get(name)).toBe(value);
      }),
    );
  });
});

describe("a JSON body", () => {
  it.each([
    '{"a":12345678901234567890,"b":0.1234567890123456789012,"c":-9007199254740993}',
    '{"big":1e400}',
    "[1,2.5,true,null]",
  ])("keeps the digits of %s", (text) => {
    const body = read(text);
    expect(body.kind).toBe("json");
    expect(String(writeJsonBody(body.kind === "json" ? body.value : undefined))).toBe(text);
  });

  it("gives plain numbers to code wherever JavaScript holds them", () => {
    const body = read('{"a":1.0,"b":1e2,"c":1234567890.50,"d":123456789012345}');
    expect(body).toStrictEqual({
      kind: "json",
      value: { a: 1, b: 100, c: 1_234_567_890.5, d: 123_456_789_012_345 },
    });
  });

  it.each([
    ["{", "is no JSON"],
    ["not json", "is no JSON"],
    ["\u{feff}{}", "is no JSON"],
    ["[".repeat(300) + "]".repeat(300), "is nested deeper than 256"],
    ["[".repeat(1_000_000), "is nested deeper than 256"],
  ])("is told broken: %.20s", (text, reason) => {
    expect(read(text)).toStrictEqual({ kind: "broken", reason });
  });

  it("is told broken when it is no UTF-8", () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22]);
    expect(readJsonBody(bytes, json)).toMatchObject({ kind: "broken" });
  });

  it("counts no bracket of a string", () => {
    expect(read(JSON.stringify({ a: `\\"${"[".repeat(400)}` })).kind).toBe("json");
  });

  it.each([
    ["text/plain", undefined],
    [undefined, undefined],
    ["application/json", "gzip"],
    ["application/jsonp", undefined],
    ["text/event-stream", undefined],
  ])("is none of %s encoded %s", (contentType, contentEncoding) => {
    const body = readJsonBody(Buffer.from("{}"), { contentType, contentEncoding });
    expect(body.kind).toBe("other");
  });

  it("has no form for functions, cycles and bigints", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    for (const bad of [() => 1, cycle, 1n, undefined]) expect(writeJsonBody(bad)).toBeUndefined();
  });
});
