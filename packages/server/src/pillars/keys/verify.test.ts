import type { PluginContext } from "portico/kernel";
import { fillRandom, idMaker, sha256 } from "portico/kernel";
import { fakeClock } from "portico/testing";
import { describe, expect, it } from "vitest";
import { writeKey } from "./format.ts";
import { KeyVerifier } from "./verify.ts";

const HERE = "192.0.2.1";
const makeId = idMaker({ now: Date.now, fill: fillRandom });

interface Bench {
  readonly verifier: KeyVerifier;
  /** Look-ups in the store so far. */
  readonly lookups: () => number;
  readonly feed: { isStale: boolean; changed: (id: string) => void };
  /** Holds look-ups back until the returned function is called. */
  hold(): () => void;
  /** A key whose row is in the store. */
  add(): { readonly id: string; readonly text: string };
  revoke(id: string): void;
}

function newKey(): { readonly id: string; readonly text: string } {
  const id = makeId("key");
  return { id, text: writeKey({ prefix: "ptc", environment: "live", id }, fillRandom) };
}

function bench(): Bench {
  const rows = new Map<string, Record<string, unknown>>();
  const feed: Bench["feed"] = { isStale: false, changed: () => {} };
  let lookups = 0;
  let gate: Promise<void> = Promise.resolve();
  const select = (id: string): object => ({
    selectAll: () => select(id),
    where: (_: string, __: string, wanted: string) => select(wanted),
    executeTakeFirst: async () => {
      lookups += 1;
      // Read first, answered later: as a reply that is under way while the row changes.
      const row = rows.get(id);
      await gate;
      return row;
    },
  });
  const ctx = {
    settings: { prefix: "ptc", environments: ["live"], cacheMax: 100 },
    clock: fakeClock(),
    store: { read: () => ({ db: () => ({ selectFrom: () => select("") }) }) },
    changes: {
      watch: (_: string, drop: (id: string) => void) => {
        feed.changed = drop;
        return () => {};
      },
      stale: () => feed.isStale,
    },
  };
  return {
    // Only what a verifier touches: a row by its id, the feed, the clock.
    verifier: new KeyVerifier(ctx as unknown as PluginContext),
    lookups: () => lookups,
    feed,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    add: () => {
      const key = newKey();
      rows.set(key.id, rowOf(key));
      return key;
    },
    revoke: (id) => rows.set(id, { ...rows.get(id), revoked_at: 1 }),
  };
}

function rowOf({
  id,
  text,
}: {
  readonly id: string;
  readonly text: string;
}): Record<string, unknown> {
  return {
    organization: "default",
    id,
    name: "a",
    hash: sha256(text),
    permissions: "[]",
    instance_permissions: "[]",
    environment: "live",
    rate_limit: 60,
    rate_policy: null,
    quotas: null,
    user_id: null,
    ip_allow: null,
    pins: null,
    expires_at: null,
    revoked_at: null,
    disabled_at: null,
    previous_hash: null,
    previous_until: null,
  };
}

describe("checking a key", () => {
  it("asks the store once, and answers at once and with the same caller ever after", async () => {
    const it = bench();
    const { id, text } = it.add();
    const first = await it.verifier.identify(text, HERE);
    const second = it.verifier.identify(text, HERE);
    expect(second).toBe(first);
    expect(first).toMatchObject({ kind: "key", subject: id, limits: ["60/min"] });
    expect(it.lookups()).toBe(1);
  });

  it("asks the store nothing for a wrong form or checksum", async () => {
    const it = bench();
    const { text } = it.add();
    const wrong = `${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`;
    for (const each of ["", "ptc_live_", wrong, `${text}x`]) {
      expect(await it.verifier.check(each)).toEqual({ isValid: false, refusal: "notFound" });
    }
    expect(it.lookups()).toBe(0);
  });

  it("asks the store once for an unknown id, and once for any number of wrong secrets of a known one", async () => {
    const it = bench();
    const unknown = newKey();
    for (let round = 0; round < 3; round += 1) {
      expect(await it.verifier.check(unknown.text)).toMatchObject({ refusal: "notFound" });
    }
    expect(it.lookups()).toBe(1);
    const { id } = it.add();
    for (let round = 0; round < 3; round += 1) {
      const guess = writeKey({ prefix: "ptc", environment: "live", id }, fillRandom);
      expect(await it.verifier.check(guess)).toMatchObject({ refusal: "notFound" });
    }
    expect(it.lookups()).toBe(2);
  });

  it("asks the store once for many requests that arrive together", async () => {
    const it = bench();
    const { text } = it.add();
    await Promise.all(Array.from({ length: 50 }, () => it.verifier.check(text)));
    expect(it.lookups()).toBe(1);
  });

  it("refuses a secret with another prefix or environment before it", async () => {
    const it = bench();
    const { id } = it.add();
    const relabelled = writeKey({ prefix: "ptc", environment: "test", id }, fillRandom);
    expect(await it.verifier.check(relabelled)).toMatchObject({ isValid: false });
  });

  it("asks the store every time while the change feed is out of date", async () => {
    const it = bench();
    const { id, text } = it.add();
    await it.verifier.identify(text, HERE);
    it.feed.isStale = true;
    await it.verifier.identify(text, HERE);
    it.revoke(id);
    await expect(it.verifier.identify(text, HERE)).rejects.toMatchObject({ code: "keys.invalid" });
    expect(it.lookups()).toBe(3);
  });

  it("forgets a key of which the change feed tells, and every key at '*'", async () => {
    for (const told of ["its id", "*"]) {
      const it = bench();
      const { id, text } = it.add();
      await it.verifier.identify(text, HERE);
      it.revoke(id);
      it.feed.changed(told === "*" ? "*" : id);
      await expect(it.verifier.identify(text, HERE)).rejects.toMatchObject({
        code: "keys.invalid",
      });
    }
  });

  it("does not remember a row that was read before its key was revoked", async () => {
    const it = bench();
    const { id, text } = it.add();
    const release = it.hold();
    const early = it.verifier.identify(text, HERE);
    it.revoke(id);
    it.feed.changed(id);
    release();
    await early;
    await expect(it.verifier.identify(text, HERE)).rejects.toMatchObject({ code: "keys.invalid" });
  });

  it("does not share a look-up under way with requests that come after the revocation", async () => {
    const it = bench();
    const { id, text } = it.add();
    const release = it.hold();
    const early = it.verifier.identify(text, HERE);
    it.revoke(id);
    it.feed.changed(id);
    const late = it.verifier.identify(text, HERE);
    release();
    await early;
    await expect(late).rejects.toMatchObject({ code: "keys.invalid" });
  });

  it("asks the store for a distrusted key until the feed has told of it", async () => {
    const it = bench();
    const { id, text } = it.add();
    await it.verifier.identify(text, HERE);
    it.verifier.distrust(id);
    await it.verifier.identify(text, HERE);
    await it.verifier.identify(text, HERE);
    expect(it.lookups()).toBe(3);
    it.feed.changed(id);
    await it.verifier.identify(text, HERE);
    await it.verifier.identify(text, HERE);
    expect(it.lookups()).toBe(4);
  });
});
