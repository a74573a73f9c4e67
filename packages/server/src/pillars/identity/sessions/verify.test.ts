import { fakeClock } from "portico/testing";
import { describe, expect, it } from "vitest";
import { holding, somebody } from "./session-app.fixture.ts";
import { SessionVerifier } from "./verify.ts";

const ID = "session_01jd3v9k2me8r8v0c2m4t6x8z0";

interface Bench {
  readonly verifier: SessionVerifier;
  readonly feed: { isStale: boolean; tell: (kind: string, id: string) => void };
  /** Look-ups of the session's row so far. */
  readonly lookups: () => number;
  /** How often a signature was checked. */
  readonly checks: () => number;
  end(): void;
  /** Holds look-ups back until the returned function is called. */
  hold(): () => void;
}

function bench(): Bench {
  const clock = fakeClock();
  const person = somebody("user_ada");
  const held = holding("notes:read");
  const watchers = new Map<string, (id: string) => void>();
  const feed: Bench["feed"] = {
    isStale: false,
    tell: (kind, id) => watchers.get(kind)?.(id),
  };
  let row: object | undefined = rowOf(clock.now());
  let lookups = 0;
  let checks = 0;
  let gate: Promise<void> = Promise.resolve();
  const select = {
    selectAll: () => select,
    where: () => select,
    executeTakeFirst: async () => {
      lookups += 1;
      // Read first, answered later: as a reply that is under way while the row changes.
      const found = row;
      await gate;
      return found;
    },
  };
  const faces = {
    people: { find: async () => person },
    organizations: { holdingOf: async () => held, knownHolding: () => held },
  };
  const ctx = {
    clock,
    settings: { sessions: { cacheMax: 100 }, tokens: {} },
    store: { read: () => ({ db: () => ({ selectFrom: () => select }) }) },
    get: () => faces,
    changes: {
      watch: (kind: string, drop: (id: string) => void) => {
        watchers.set(kind, drop);
        return () => undefined;
      },
      stale: () => feed.isStale,
    },
  };
  const tokens = {
    check: async () => {
      checks += 1;
      return { sessionId: ID, expiresAt: clock.now() + 600_000 };
    },
  };
  const parts = { ctx, tokens, lastSeen: { note: () => undefined } };
  return {
    // Only what a verifier touches: a row by its id, the feed, the clock, the neighbours.
    verifier: new SessionVerifier(
      parts as unknown as ConstructorParameters<typeof SessionVerifier>[0],
    ),
    feed,
    lookups: () => lookups,
    checks: () => checks,
    end: () => {
      row = undefined;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

function rowOf(now: number): object {
  return {
    id: ID,
    user_id: "user_ada",
    organization: "default",
    impersonator: null,
    impersonator_session: null,
    expires_at: now + 86_400_000,
    idle_ms: 3_600_000,
    ends_at: now + 3_600_000,
    last_seen_at: now,
  };
}

const refused = { code: "identity.badAccessToken" };

describe("checking an access token", () => {
  it("asks for signature and session once, and answers at once ever after", async () => {
    const it = bench();
    const first = await it.verifier.identify("token");
    expect(it.verifier.identify("token")).toBe(first);
    expect([it.checks(), it.lookups()]).toEqual([1, 1]);
  });

  it("believes no memory while the feed is stale: the session is looked up, the signature is not checked again", async () => {
    const it = bench();
    await it.verifier.identify("token");
    it.feed.isStale = true;
    it.end();
    await expect(Promise.resolve(it.verifier.identify("token"))).rejects.toMatchObject(refused);
    expect([it.checks(), it.lookups()]).toEqual([1, 2]);
  });

  it.each([
    ["the session", "identity.session", ID],
    ["its person", "identity.person", "user_ada"],
    ["everybody", "identity.person", "*"],
  ])("looks the session up again when the feed tells of %s", async (_what, kind, id) => {
    const it = bench();
    await it.verifier.identify("token");
    it.end();
    it.feed.tell(kind, id);
    await expect(Promise.resolve(it.verifier.identify("token"))).rejects.toMatchObject(refused);
  });

  it("does not remember what was read before the feed told of a change", async () => {
    const it = bench();
    const release = it.hold();
    const early = it.verifier.identify("token");
    // The signature is checked first; then the row is read.
    await expect.poll(it.lookups).toBe(1);
    it.end();
    it.feed.tell("identity.session", ID);
    release();
    await early;
    await expect(Promise.resolve(it.verifier.identify("token"))).rejects.toMatchObject(refused);
  });

  it("asks the store for a distrusted person until a while after the feed has told of them", async () => {
    const it = bench();
    await it.verifier.identify("token");
    it.verifier.distrust("user_ada");
    await it.verifier.identify("token");
    await it.verifier.identify("token");
    expect(it.lookups()).toBe(3);
    it.feed.tell("identity.person", "user_ada");
    await it.verifier.identify("token");
    await it.verifier.identify("token");
    expect(it.lookups()).toBe(5);
  });
});
