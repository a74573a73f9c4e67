import fc from "fast-check";
import { anonymous } from "portico/kernel";
import { describe, expect, it } from "vitest";
import { KeyCache } from "./cache.ts";
import type { KeyRecord } from "./record.ts";

function record(id: string): KeyRecord {
  return {
    id,
    organization: "default",
    hash: new Uint8Array(32),
    expiresAt: null,
    isRevoked: false,
    name: id,
    userId: null,
    caller: anonymous,
    isDropped: false,
    isDisabled: false,
    allows: undefined,
    previous: undefined,
    owner: undefined,
    uses: 0,
  };
}

function hold(cache: KeyCache, id: string): KeyRecord {
  const made = record(id);
  cache.remember(id, made, cache.drops);
  cache.rememberVerified(`text of ${id}`, made);
  return made;
}

describe("the cache of keys", () => {
  it("finds a verified key by its text", () => {
    const cache = new KeyCache(100);
    const held = hold(cache, "a");
    expect(cache.verified("text of a")).toBe(held);
    expect(cache.verified("text of b")).toBeUndefined();
  });

  it("does not remember what was read before a drop, known or unknown", () => {
    const cache = new KeyCache(100);
    const { drops } = cache;
    cache.drop("a");
    cache.remember("a", record("a"), drops);
    cache.remember("b", undefined, drops);
    expect(cache.find("a")).toBeUndefined();
    expect(cache.isUnknown("b")).toBe(false);
  });

  it("forgets all at '*'", () => {
    const cache = new KeyCache(100);
    hold(cache, "a");
    cache.remember("b", undefined, cache.drops);
    cache.drop("*");
    expect(cache.verified("text of a")).toBeUndefined();
    expect(cache.find("a")).toBeUndefined();
    expect(cache.isUnknown("b")).toBe(false);
  });

  it("does not verify a second record of one id, which a drop would not reach", () => {
    const cache = new KeyCache(100);
    hold(cache, "a");
    const twin = record("a");
    cache.rememberVerified("text of a twin", twin);
    expect(cache.verified("text of a twin")).toBeUndefined();
  });

  const step = fc.oneof(
    fc.record({
      kind: fc.constant("hold" as const),
      id: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    }),
    fc.record({
      kind: fc.constant("use" as const),
      id: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    }),
    fc.record({
      kind: fc.constant("drop" as const),
      id: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    }),
  );

  it("never answers with a key that was dropped since it was read", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = new KeyCache(4);
        const fresh = new Map<string, KeyRecord>();
        for (const { kind, id } of steps) {
          if (kind === "drop") {
            cache.drop(id);
            fresh.delete(id);
          }
          if (kind === "hold" && cache.find(id) === undefined) fresh.set(id, hold(cache, id));
          const found = cache.verified(`text of ${id}`);
          expect([undefined, fresh.get(id)]).toContain(found);
        }
      }),
    );
  });

  it("drops the longest unused and keeps what is in use", () => {
    const cache = new KeyCache(100);
    hold(cache, "kept");
    for (let index = 0; index < 1_000; index += 1) {
      hold(cache, `passing ${index}`);
      expect(cache.verified("text of kept")).toBeDefined();
    }
    expect(cache.verified("text of passing 0")).toBeUndefined();
  });
});
