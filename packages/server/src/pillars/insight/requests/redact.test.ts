import { Buffer } from "node:buffer";
import type { BodySample, RequestDetails } from "portico/kernel";
import { describe, expect, it } from "vitest";
import { redactor } from "./redact.ts";

const redact = redactor({ headers: ["X-Session"], fields: ["iban"] });
const bare: RequestDetails = { query: "", requestHeaders: [], replyHeaders: [], decisions: [] };
const body = (mediaType: string, text: string, isCut = false): BodySample => ({
  mediaType,
  bytes: Buffer.from(text),
  isCut,
});

it("hides headers that carry credentials, however they are written, and those an operator names", () => {
  const requestHeaders = [
    ["AUTHORIZATION", "Bearer abcdefghij"],
    ["Cookie", "sid=1"],
    ["X-Api-Key", "k"],
    ["x-session", "s"],
    ["Proxy-Authorization", "Basic eDp5"],
    ["X-Portico-Identity", "eyJ.a.b"],
    ["Accept", "text/plain"],
    ["X-Note", "Bearer abcdefghijkl"],
  ].flat();
  const replyHeaders = ["Set-Cookie", "sid=secret"];
  const shown = redact({ ...bare, requestHeaders, replyHeaders });
  const values = Object.fromEntries(shown.requestHeaders);
  expect(values).toMatchObject({
    AUTHORIZATION: "[redacted]",
    Cookie: "[redacted]",
    "X-Api-Key": "[redacted]",
    "x-session": "[redacted]",
    "Proxy-Authorization": "[redacted]",
    "X-Portico-Identity": "[redacted]",
    Accept: "text/plain",
    "X-Note": "Bearer [redacted]",
  });
  expect(shown.replyHeaders).toStrictEqual([["Set-Cookie", "[redacted]"]]);
});

it("hides parameters by their names, encoded ones too", () => {
  expect(redact({ ...bare, query: "page=2&api_key=a&p%61ssword=b&IBAN=DE1&flag" }).query).toBe(
    "page=2&api_key=[redacted]&p%61ssword=[redacted]&IBAN=[redacted]&flag",
  );
});

it("bounds the number and the length of headers", () => {
  const requestHeaders = Array.from({ length: 5_000 }, (_each, index) =>
    index % 2 === 0 ? `x-${index}` : "v".repeat(10_000),
  );
  const shown = redact({ ...bare, requestHeaders });
  expect(shown.requestHeaders).toHaveLength(7);
  expect(shown.requestHeaders[0]?.[1]).toHaveLength(1_024);
  const many = Array.from({ length: 5_000 }, (_each, index) => `x${index}`);
  expect(redact({ ...bare, requestHeaders: many }).requestHeaders).toHaveLength(100);
  expect(redact({ ...bare, query: "q=".padEnd(50_000, "x") }).query.length).toBeLessThan(8_200);
});

describe("a body", () => {
  const of = (sample: BodySample) => redact({ ...bare, requestBody: sample }).requestBody;

  it("of JSON hides fields by their names at any depth", () => {
    const text = JSON.stringify({
      name: "ada",
      password: "p",
      list: [{ iban: "DE1", access_token: "t", note: "Bearer abcdefghij" }],
    });
    expect(of(body("application/json", text))).toStrictEqual({
      mediaType: "application/json",
      text: JSON.stringify({
        name: "ada",
        password: "[redacted]",
        list: [{ iban: "[redacted]", access_token: "[redacted]", note: "Bearer [redacted]" }],
      }),
      note: null,
    });
  });

  it("of JSON that is cut or broken is not shown: its fields cannot be told apart", () => {
    expect(of(body("application/json", `{"password":"hun`, true))?.text).toBeNull();
    expect(of(body("application/hal+json", `{"password":"hun`))).toMatchObject({
      text: null,
      note: "not readable as JSON",
    });
  });

  it("of a form hides parameters, of text what looks like a secret, of anything else all", () => {
    const form = body("application/x-www-form-urlencoded", "name=ada&password=p");
    expect(of(form)?.text).toBe("name=ada&password=[redacted]");
    expect(of(body("text/plain", "say Bearer abcdefghijk"))?.text).toBe("say Bearer [redacted]");
    expect(of(body("image/png", "password"))?.text).toBeNull();
    expect(of(body("", "password"))?.text).toBeNull();
  });
});
