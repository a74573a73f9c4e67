import { expect, it } from "vitest";
import type { LogEvent, RetentionPolicy } from "../contract/index.ts";
import type { OpenTestDatabase } from "./describe-store.ts";
import { emitOne, hastyClock, openSpine, until } from "./spine.ts";
import type { TestSpine } from "./spine.ts";

const acme = { organization: "acme" };

/** Everything is old at once, but for what a case says. */
function policy(given: Partial<RetentionPolicy> = {}): RetentionPolicy {
  return {
    keptMs: () => -60_000,
    shortestMs: -60_000,
    needed: () => Promise.resolve([]),
    letGo: () => Promise.resolve(),
    ...given,
  };
}

async function typesOf(spine: TestSpine): Promise<readonly string[]> {
  const events = await spine.log.page({ ...acme, limit: 1_000 });
  return events.map(({ type }) => type);
}

async function emitAll(spine: TestSpine, types: readonly string[]): Promise<void> {
  for (const type of types) await emitOne(spine, type);
  await spine.log.drained();
}

/** What is deleted of the log, and what never is. */
export function retentionSuite(open: OpenTestDatabase): void {
  it("deletes what is older than its type is kept, and nothing else", async () => {
    await using spine = await openSpine(open);
    await spine.log.start();
    await emitAll(spine, ["a.old", "b.kept", "a.old", "c.ever"]);
    const kept = (type: string): number =>
      type === "a.old" ? -60_000 : type === "b.kept" ? 3_600_000 : Infinity;
    expect(await spine.log.sweep(policy({ keptMs: kept }))).toBe(2);
    expect(await typesOf(spine)).toEqual(["b.kept", "c.ever"]);
    expect(await spine.log.sweep(policy({ keptMs: kept, shortestMs: 3_600_000 }))).toBe(0);
  });

  it("keeps what a plugin still needs, asks organization by organization, and deletes it later", async () => {
    await using spine = await openSpine(open);
    await spine.log.start();
    await emitAll(spine, ["a", "b"]);
    await emitOne(spine, "c", {}, { organization: "globex" });
    await spine.log.drained();
    const [first] = await spine.log.page({ ...acme, limit: 1 });
    const asked: string[] = [];
    const needing = policy({
      needed: ({ organization, events }) => {
        asked.push(`${organization} ${events.length}`);
        return Promise.resolve(organization === "acme" && first !== undefined ? [first.id] : []);
      },
    });
    expect(await spine.log.sweep(needing)).toBe(2);
    expect(await typesOf(spine)).toEqual(["a"]);
    expect(asked.toSorted()).toEqual(["acme 2", "globex 1"]);
    expect(await spine.log.sweep(policy())).toBe(1);
  });

  it("tells of events before they go, and keeps them while somebody cannot let go of what belongs to them", async () => {
    await using spine = await openSpine(open);
    await spine.log.start();
    await emitAll(spine, ["a", "b"]);
    const failing = policy({ letGo: () => Promise.reject(new TypeError("busy")) });
    await expect(spine.log.sweep(failing)).rejects.toThrow("busy");
    expect(await typesOf(spine)).toEqual(["a", "b"]);
    const told: string[][] = [];
    const letting = policy({
      letGo: async ({ organization, events }) => {
        told.push([organization, ...events]);
        expect(await typesOf(spine)).toEqual(["a", "b"]);
      },
    });
    const ids = (await spine.log.page({ ...acme, limit: 10 })).map(({ id }) => id);
    expect(await spine.log.sweep(letting)).toBe(2);
    expect(told).toEqual([["acme", ...ids]]);
  });

  it("keeps what a consumer has not handled yet, and what no consumer wants goes", async () => {
    await using spine = await openSpine(open);
    const gate = Promise.withResolvers<undefined>();
    const handled: string[] = [];
    await spine.log.registerConsumer({
      owner: "notes",
      name: "slow",
      types: ["note.*"],
      batch: 1,
      concerns: async () => {
        await gate.promise;
        return true;
      },
      handle: (events: readonly LogEvent[]) => {
        handled.push(...events.map(({ type }) => type));
        return Promise.resolve();
      },
    });
    await spine.log.start();
    await emitOne(spine, "note.one");
    await emitOne(spine, "other.one");
    await until(async () => (await typesOf(spine)).length === 2);
    expect(await spine.log.sweep(policy())).toBe(1);
    expect(await typesOf(spine)).toEqual(["note.one"]);
    gate.resolve(undefined);
    await spine.log.drained();
    expect(handled).toContain("note.one");
    expect(await spine.log.sweep(policy())).toBe(1);
  });

  it("keeps a parked event until it is handled after all", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(500) });
    let isBroken = true;
    await spine.log.registerConsumer({
      owner: "notes",
      name: "broken",
      types: ["*"],
      handle: () =>
        isBroken ? Promise.reject(new TypeError("broken")) : Promise.resolve(undefined),
    });
    await spine.log.start();
    await emitOne(spine, "note.one");
    await until(async () => (await spine.log.parked({ limit: 10 })).length === 1);
    expect(await spine.log.sweep(policy())).toBe(0);
    isBroken = false;
    expect(await spine.log.redrive({ limit: 10 })).toEqual({ handled: 1, failed: 0 });
    expect(await spine.log.sweep(policy())).toBe(1);
    expect(await typesOf(spine)).toEqual([]);
  });

  it("gives no position twice after all events are gone, and a consumer goes on behind them", async () => {
    await using spine = await openSpine(open);
    const seen: string[] = [];
    await spine.log.registerConsumer({
      owner: "notes",
      name: "all",
      types: ["*"],
      handle: (events: readonly LogEvent[]) => {
        seen.push(...events.map(({ type }) => type));
        return Promise.resolve();
      },
    });
    await spine.log.start();
    await emitAll(spine, ["a", "b"]);
    const [, last] = await spine.log.page({ ...acme, limit: 2 });
    expect(await spine.log.sweep(policy())).toBe(2);
    await emitAll(spine, ["c"]);
    const [next] = await spine.log.page({ ...acme, limit: 1 });
    expect(next?.seq).toBeGreaterThan(last?.seq ?? Infinity);
    expect(seen).toEqual(["a", "b", "c"]);
  });

  it("deletes a thousand events in small transactions, while others are written and none of those is lost", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(20) });
    await spine.log.start();
    await spine.hub.append({ scope: acme, origin: ORIGIN }, (session) => {
      const batch = session.as("notes");
      for (let index = 0; index < 1_000; index += 1) batch.emit("old", {});
    });
    await spine.log.drained();
    const old = policy({ keptMs: (type) => (type === "old" ? -60_000 : Infinity) });
    const [deleted] = await Promise.all([
      spine.log.sweep(old),
      ...Array.from({ length: 20 }, () => emitOne(spine, "new")),
    ]);
    await spine.log.drained();
    expect(deleted).toBe(1_000);
    expect(await typesOf(spine)).toEqual(Array(20).fill("new"));
  });

  it("is done by one process, again and again, until it steps down", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(2_000) });
    await spine.log.start();
    const end = spine.log.retain(policy());
    for (const type of ["old", "older"]) {
      await emitOne(spine, type);
      await spine.log.drained();
      await until(async () => (await typesOf(spine)).length === 0);
    }
    await end();
    await emitAll(spine, ["later"]);
    expect(await typesOf(spine)).toEqual(["later"]);
  });
}

const ORIGIN = { cause: "req_1", trace: "1".repeat(32), actor: "tester" };
