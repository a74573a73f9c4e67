import { describe, expect, it } from "vitest";
import { matcher, PATTERN } from "./match.ts";

describe("matcher", () => {
  it.each([
    ["*", "invoice.paid", true],
    ["invoice.paid", "invoice.paid", true],
    ["invoice.paid", "invoice.paid.late", false],
    ["invoice.*", "invoice.paid", true],
    ["invoice.*", "invoice.line.added", true],
    ["invoice.*", "invoice", false],
    ["invoice.*", "invoices.paid", false],
    ["invoice.paid", "Invoice.paid", false],
    ["*", "delivery.exhausted", false],
    ["delivery.exhausted", "delivery.exhausted", false],
    ["delivery.*", "delivery.started", true],
  ])("%s asks for %s: %s", (pattern, type, expected) => {
    expect(matcher([pattern])(type)).toBe(expected);
  });

  it("asks for what any of its patterns asks for, and for nothing without patterns", () => {
    expect(matcher(["a.b", "c.*"])("c.d")).toBe(true);
    expect(matcher([])("a.b")).toBe(false);
  });
});

describe("PATTERN", () => {
  it.each(["", "**", "*.paid", "invoice*", "a..b", ".a", "a.", "a.*.b", "a b", "a.*\n"])(
    "refuses %j",
    (pattern) => {
      expect(new RegExp(PATTERN, "u").test(pattern)).toBe(false);
    },
  );
});
