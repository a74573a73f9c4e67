import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { fillRandom, idAt, idMaker, isId, isSlug } from "./index.ts";

describe("ids", () => {
  test("ids made within one millisecond sort in the order of their making", () => {
    const makeId = idMaker({ now: () => 1_700_000_000_000, fill: fillRandom });
    const ids = Array.from({ length: 3_000 }, () => makeId("key"));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("a clock that goes backward does not make ids sort backward", () => {
    const times = [2_000, 1_000, 500, 3_000];
    const makeId = idMaker({ now: () => times.shift() ?? 0, fill: fillRandom });
    const ids = [makeId("a"), makeId("a"), makeId("a"), makeId("a")];
    expect(ids.toSorted()).toEqual(ids);
  });

  test("ids made at a time sort between the ids of that time and of the next millisecond", () => {
    const id = idMaker({ now: () => 1_700_000_000_000, fill: fillRandom })("key");
    expect(idAt("key", 1_700_000_000_000) < id).toBe(true);
    expect(id < idAt("key", 1_700_000_000_001)).toBe(true);
  });

  test("an id carries version 7 and variant 2 in the places of RFC 9562", () => {
    const id = idMaker({ now: () => 0, fill: (bytes) => bytes.fill(0xff) })("x");
    expect(id).toMatch(/^x_0000000000[0-9a-hjkmnp-tv-z]{16}$/);
    expect(isId(id)).toBe(true);
  });

  test("an id is written as the TypeID specification writes the same UUID", () => {
    const uuid = Buffer.from("01890a5dac96774bbcceb302099a8057", "hex");
    const fill = (bytes: Uint8Array): void => bytes.set(uuid);
    const now = (): number => uuid.readUIntBE(0, 6);
    expect(idMaker({ now, fill })("prefix")).toBe("prefix_01h455vb4pex5vsknk084sn02q");
  });

  test.each([
    "key",
    "key_",
    "Key_01jd3v9k2me8r8v0c2m4t6x8z0",
    "key_81jd3v9k2me8r8v0c2m4t6x8z0",
    "",
  ])("%j is no id", (text) => {
    expect(isId(text)).toBe(false);
  });

  test("a slug cannot look like an id", () => {
    const id = idMaker({ now: Date.now, fill: fillRandom })("key");
    expect(isSlug(id)).toBe(false);
    expect(isSlug("webhook-acme")).toBe(true);
    expect(isSlug("-acme")).toBe(false);
    expect(isSlug("a".repeat(64))).toBe(false);
  });
});
