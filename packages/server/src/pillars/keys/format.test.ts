import fc from "fast-check";
import { fillRandom, idMaker } from "portico/kernel";
import { factories } from "portico/testing";
import { describe, expect, it } from "vitest";
import { idInKey, writeKey } from "./format.ts";

const makeId = idMaker({ now: Date.now, fill: fillRandom });

function newKey(environment = "live", prefix = "ptc"): { id: string; text: string } {
  const id = makeId("key");
  return { id, text: writeKey({ prefix, environment, id }, fillRandom) };
}

describe("a key's text", () => {
  it("has prefix, environment, id, secret and checksum, and no other underscore", () => {
    const { id, text } = newKey();
    expect(text).toMatch(/^ptc_live_[0-9a-z]{26}_[0-9A-Za-z]{49}$/);
    expect(text.split("_")).toHaveLength(4);
    expect(idInKey(text)).toBe(id);
  });

  it("of another maker of the same form is read the same", () => {
    const make = factories("keys");
    for (const environment of ["live", "test", "prod"]) {
      const text = make.keyText({ environment });
      expect(idInKey(text)).toBe(`key_${text.split("_")[2]}`);
    }
  });

  it("never repeats, and its secret draws on every character", () => {
    const secrets = Array.from({ length: 500 }, () => newKey().text.slice(-49, -6));
    expect(new Set(secrets).size).toBe(500);
    expect(new Set(secrets.join("")).size).toBe(62);
  });

  it("is known for a mistyped one whichever single character is another", () => {
    const { text } = newKey();
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom("0", "a", "Z", "_", "9", "b", "Y", "k", "-"),
        (index, character) => {
          fc.pre(text[index] !== character);
          expect(idInKey(text.slice(0, index) + character + text.slice(index + 1))).toBeUndefined();
        },
      ),
    );
  });

  it.each([
    "",
    "ptc",
    "ptc_live",
    "ptc_live__",
    " ",
    "x".repeat(10_000),
    "ptc_live_01jd3v9k2me8r8v0c2m4t6x8z0_",
  ])("finds no id in %j", (text) => {
    expect(idInKey(text)).toBeUndefined();
  });

  it("finds none with anything before, after or in another case", () => {
    const { text } = newKey();
    for (const wrong of [
      ` ${text}`,
      `${text} `,
      `${text}\n`,
      `${text},${text}`,
      text.toUpperCase(),
    ]) {
      expect(idInKey(wrong)).toBeUndefined();
    }
  });

  it("reads a key of any prefix and environment", () => {
    expect(idInKey(newKey("prod", "acme").text)).toMatch(/^key_/);
  });
});
