import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { makeEntry } from "./entry.ts";
import type { Entry, EntryPlace } from "./entry.ts";
import { CacheStore } from "./store.ts";
import { variantOf } from "./policy.ts";

const place = (name: string, api = "shop"): EntryPlace => ({
  key: `acme ${api} ${name}`,
  api,
  uri: `${api} ${name}`,
  path: `/${name}`,
});

interface Made {
  readonly vary?: readonly string[];
  readonly request?: readonly string[];
  readonly tags?: readonly string[];
  readonly size?: number;
  readonly dateMs?: number;
}

function entryOf(
  name: string,
  { vary = [], request = [], tags = [], size = 10, dateMs = 0 }: Made = {},
): Entry {
  return makeEntry({
    place: place(name),
    variant: variantOf(vary, request),
    terms: {
      lifetimeMs: 1_000,
      initialAgeMs: 0,
      dateMs,
      alwaysValidates: false,
      immutable: false,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      mayBeStale: true,
      vary,
      omitted: [],
    },
    status: 200,
    reason: "OK",
    headers: [],
    body: Buffer.alloc(size),
    storedAtMs: 0,
    tags,
  });
}

function put(store: CacheStore, entry: Entry): boolean {
  return store.put(store.attempt(entry.place), entry);
}

describe("replies in memory", () => {
  test("never take more than they may, whatever is stored, packed, used and taken out", () => {
    const bytesMax = 20_000;
    const action = fc.record({
      kind: fc.constantFrom("put", "put", "put", "find", "pack", "drop", "invalidate", "tags"),
      name: fc.constantFrom("a", "b", "c", "d", "e"),
      value: fc.constantFrom("1", "2", "3"),
      isVaried: fc.boolean(),
      size: fc.nat(25_000),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const store = new CacheStore(bytesMax);
        for (const { kind, name, value, isVaried, size } of actions) {
          const request = ["X", value];
          const found = store.find(place(name).key, request);
          const vary = isVaried ? ["x"] : [];
          if (kind === "put") put(store, entryOf(name, { vary, request, size, tags: [value] }));
          else if (kind === "pack" && found) store.keepPacked(found, "br", Buffer.alloc(size));
          else if (kind === "drop" && found) store.drop(found);
          else if (kind === "invalidate") store.invalidate(place(name).uri);
          else if (kind === "tags") store.purge({ kind: "tags", tags: [value] });
          expect(store.counts.bytes).toBeLessThanOrEqual(bytesMax);
          expect(store.counts.bytes).toBeGreaterThanOrEqual(0);
        }
        store.purge({ kind: "all" });
        expect(store.counts).toEqual({ entries: 0, bytes: 0 });
      }),
    );
  });

  test("count a packed form once, were it brought twice", () => {
    const store = new CacheStore(20_000);
    const entry = entryOf("a");
    put(store, entry);
    store.keepPacked(entry, "br", Buffer.alloc(700));
    store.keepPacked(entry, "br", Buffer.alloc(300));
    expect(store.counts.bytes).toBe(entry.bytes + 300);
    store.purge({ kind: "all" });
    expect(store.counts).toEqual({ entries: 0, bytes: 0 });
  });

  test("that were used longest ago go first", () => {
    const { bytes } = entryOf("a");
    const store = new CacheStore(bytes * 2);
    put(store, entryOf("a"));
    put(store, entryOf("b"));
    store.find(place("a").key, []);
    put(store, entryOf("c"));
    expect(store.find(place("b").key, [])).toBeUndefined();
    expect(store.find(place("a").key, [])).toBeDefined();
    expect(put(store, entryOf("d", { size: bytes * 2 }))).toBe(false);
    expect(store.find(place("a").key, [])).toBeDefined();
  });

  test("are told apart by what they vary by, the youngest of those that fit first", () => {
    const store = new CacheStore(1e6);
    put(store, entryOf("a", { vary: ["x"], request: ["X", "1"], dateMs: 1 }));
    put(store, entryOf("a", { vary: ["x"], request: ["X", "2"], dateMs: 2 }));
    put(store, entryOf("a", { vary: ["y"], request: ["Y", "1"], dateMs: 3 }));
    const { key } = place("a");
    expect(store.find(key, ["X", "1"])?.dateMs).toBe(1);
    expect(store.find(key, ["x", "2", "Y", "1"])?.dateMs).toBe(3);
    expect(store.find(key, ["X", "3"])).toBeUndefined();
    expect(store.has(key)).toBe(true);
    put(store, entryOf("a", { vary: ["x"], request: ["X", "1"], dateMs: 4 }));
    expect(store.find(key, ["X", "1"])?.dateMs).toBe(4);
    expect(store.counts.entries).toBe(3);
  });

  test("of one target have a number of variants that no caller can pass", () => {
    const store = new CacheStore(1e9);
    for (let index = 0; index < 1_000; index += 1) {
      put(store, entryOf("a", { vary: ["x"], request: ["X", String(index)] }));
    }
    expect(store.counts.entries).toBe(100);
    expect(store.find(place("a").key, ["X", "999"])).toBeDefined();
  });

  test("under way are spoilt by what purges or changes them, and by nothing else", () => {
    const store = new CacheStore(1e6);
    const spoiltBy = (act: () => void): boolean => {
      const attempt = store.attempt(place("a"));
      act();
      return !store.put(attempt, entryOf("a"));
    };
    expect(spoiltBy(() => store.invalidate(place("b").uri))).toBe(false);
    expect(spoiltBy(() => store.invalidate(place("a").uri))).toBe(true);
    expect(spoiltBy(() => store.purge({ kind: "api", api: "other" }))).toBe(false);
    expect(spoiltBy(() => store.purge({ kind: "path", path: "/a*" }))).toBe(true);
    expect(spoiltBy(() => store.purge({ kind: "tags", tags: ["x"] }))).toBe(true);
    expect(spoiltBy(() => store.purge({ kind: "all" }))).toBe(true);
  });
});
