import { describe, expect, it } from "vitest";
import { acceptHeaders } from "./headers.ts";

describe("acceptHeaders", () => {
  it("lowers names and keeps values", () => {
    expect(acceptHeaders({ "X-Api-Key": "a b", Authorization: "Basic eA==" })).toEqual({
      "x-api-key": "a b",
      authorization: "Basic eA==",
    });
  });

  it.each([
    ["Webhook-Signature", "v1,x"],
    ["webhook-anything", "x"],
    ["Host", "example.com"],
    ["Content-Length", "0"],
    ["Transfer-Encoding", "chunked"],
    ["bad name", "x"],
    ["", "x"],
    ["x-break", "a\r\nhost: evil"],
    ["x-null", "a\0b"],
    ["x-empty", ""],
    ["x-space", " a"],
    ["x-letters", "é"],
    ["x-long", "a".repeat(4_097)],
  ])("refuses %j with its reason", (name, value) => {
    expect(() => acceptHeaders({ [name]: value })).toThrow(
      expect.objectContaining({ code: "webhooks.badHeader" }),
    );
  });

  it("refuses two spellings of one name", () => {
    expect(() => acceptHeaders({ "x-a": "1", "X-A": "2" })).toThrow("it is given twice");
  });

  it("is not misled by names of Object.prototype", () => {
    expect(acceptHeaders({ constructor: "x" })).toEqual({ constructor: "x" });
  });
});
