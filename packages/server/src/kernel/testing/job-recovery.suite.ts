import { expect, it } from "vitest";
import type { OpenTestDatabase } from "./describe-store.ts";
import { define, enqueue, note, upTo } from "./job-fixtures.ts";
import { gate, hastyClock, notesOf, openSpine, until } from "./spine.ts";
import type { TestSpine } from "./spine.ts";

/** What the engine promises when runs are lost: fences, leases, crashes. */
export function jobRecoverySuite(open: OpenTestDatabase): void {
  fencing(open);
  dying(open);
}

function fencing(open: OpenTestDatabase): void {
  it("stores what goes with the end of a run together with that end", async () => {
    await using spine = await openSpine(open);
    spine.addJob(
      "write",
      define(({ input }) =>
        Promise.resolve({
          kind: "done",
          with: (batch) => {
            note(batch, `note ${input.index}`);
            if (input.index === 1) batch.enqueue("write", { index: 2 });
          },
        }),
      ),
    );
    await spine.jobs.start();
    await enqueue(spine, "write", [1]);
    await spine.jobs.drained();
    expect(await notesOf(spine)).toEqual(["note 1", "note 2"]);
  });

  it("refuses everything a run writes once another run has its job", async () => {
    await using spine = await openSpine(open);
    const [isRunning, mayEnd] = [gate(), gate()];
    spine.addJob(
      "write",
      define(async ({ input }) => {
        isRunning.open();
        await mayEnd.passed;
        return { kind: "done", with: (batch) => note(batch, `note ${input.index}`) };
      }),
    );
    const [id] = await enqueue(spine, "write", [1]);
    await spine.jobs.start();
    await isRunning.passed;
    // As if the lease had passed and another process had claimed it.
    await spine.hub.driver.append([
      {
        sql: `update jobs_active set token = token + 1, owner = 'own_other'`,
        parameters: [],
        rows: 1,
      },
    ]);
    mayEnd.open();
    await until(() => spine.jobs.running() === 0);
    expect(await notesOf(spine)).toEqual([]);
    expect(await spine.jobs.get(id ?? "")).toMatchObject({ state: "running", attempt: 0 });
  });

  it("takes a run whose writes are refused for a failed one, and stores none of them", async () => {
    await using spine = await openSpine(open);
    spine.addJob(
      "write",
      define(
        () =>
          Promise.resolve({
            kind: "done",
            with: (batch) => {
              note(batch, "same");
              note(batch, "same");
            },
          }),
        { attempts: 1 },
      ),
    );
    await enqueue(spine, "write", [1]);
    await spine.jobs.start();
    await spine.jobs.drained();
    expect(await notesOf(spine)).toEqual([]);
    expect(await spine.jobs.list({ ended: true, limit: 2 })).toMatchObject([{ state: "failed" }]);
  });

  it("tells a run that its lease is lost", async () => {
    await using spine = await openSpine(open, { jobs: { leaseMs: 300 } });
    const aborted = gate();
    spine.addJob(
      "wait",
      define(async ({ signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        aborted.open();
      }),
    );
    await enqueue(spine, "wait", [1]);
    await spine.jobs.start();
    await until(() => spine.jobs.running() === 1);
    await spine.hub.driver.append([{ sql: `delete from jobs_active`, parameters: [], rows: 1 }]);
    await aborted.passed;
    await spine.jobs.drained();
    expect(await spine.jobs.list({ ended: true, limit: 1 })).toEqual([]);
  });

  it("takes back a job that was claimed in its name without its knowing, once the lease is over", async () => {
    await using spine = await openSpine(open, { jobs: { leaseMs: 300 } });
    const mayEnd = gate();
    spine.addJob(
      "write",
      define(async ({ input }) => {
        if (input.index === 1) await mayEnd.passed;
        return { kind: "done", with: (batch) => note(batch, `note ${input.index}`) };
      }),
    );
    await enqueue(spine, "write", [1]);
    await spine.jobs.start();
    await until(() => spine.jobs.running() === 1);
    await enqueue(spine, "write", [2], () => ({ at: Date.now() + 3_600_000 }));
    // As if the answer to its claim had been lost on the way from the database.
    await spine.hub.driver.append([
      {
        sql: `update jobs_active set state = 'running', token = token + 1, lease_until = ${Date.now() + 300},
          owner = (select owner from jobs_active where state = 'running') where state = 'delayed'`,
        parameters: [],
        rows: 1,
      },
    ]);
    await expect.poll(() => notesOf(spine), { timeout: 10_000 }).toEqual(["note 2"]);
    mayEnd.open();
    await spine.jobs.drained();
    expect(await notesOf(spine)).toEqual(["note 1", "note 2"]);
  });

  it("ends a running job that is cancelled, and nothing it writes is stored", async () => {
    await using spine = await openSpine(open);
    const [isRunning, mayEnd] = [gate(), gate()];
    let wasAborted = false;
    spine.addJob(
      "write",
      define(async ({ signal }) => {
        isRunning.open();
        await mayEnd.passed;
        wasAborted = signal.aborted;
        return { kind: "done", with: (batch) => note(batch, "late") };
      }),
    );
    const [id = ""] = await enqueue(spine, "write", [1]);
    await spine.jobs.start();
    await isRunning.passed;
    await spine.jobs.cancel(id);
    mayEnd.open();
    await spine.jobs.drained();
    expect(wasAborted).toBe(true);
    expect(await notesOf(spine)).toEqual([]);
    expect(await spine.jobs.get(id)).toMatchObject({ state: "cancelled" });
    await expect(spine.jobs.cancel("job_0")).rejects.toThrow("There is no job");
    await spine.jobs.cancel(id);
  });
}

function dying(open: OpenTestDatabase): void {
  it("fills the slots of all keys that a dead process left empty, however many they are", async () => {
    await using spine = await openSpine(open);
    const ran = new Set<number>();
    spine.addJob(
      "keyed",
      define(({ input }) => Promise.resolve(void ran.add(input.index)), { concurrency: 1 }),
    );
    await enqueue(spine, "keyed", upTo(1_050), (index) => ({ key: `k${index}` }));
    await spine.hub.driver.append([
      { sql: `update jobs_active set state = 'waiting'`, parameters: [], rows: 1_050 },
    ]);
    await spine.jobs.start();
    await until(() => ran.size === 1_050);
    await spine.jobs.drained();
    expect(await spine.jobs.list({ limit: 1 })).toEqual([]);
  });

  it("gives back what runs when the process stops, uncounted, and another runs it", async () => {
    await using spine = await openSpine(open);
    const other = await spine.another();
    const reasons: unknown[] = [];
    spine.addJob(
      "long",
      define(
        ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              reasons.push(signal.reason);
              reject(new TypeError("aborted"));
            });
          }),
      ),
    );
    const attempts: number[] = [];
    other.addJob(
      "long",
      define(async ({ attempt }) => void attempts.push(attempt)),
    );
    const [id = ""] = await enqueue(spine, "long", [1]);
    await spine.jobs.start();
    await until(() => spine.jobs.running() === 1);
    await spine.jobs.stop({ graceMs: 0 });
    expect(reasons).toEqual(["stop"]);
    expect(await other.jobs.get(id)).toMatchObject({ state: "ready", attempt: 0, crashes: 0 });
    await other.jobs.start();
    await other.jobs.drained();
    expect(attempts).toEqual([1]);
  });

  it("runs what a dead process left at the next start, counting a crash and no attempt", async () => {
    await using spine = await openSpine(open);
    const attempts: number[] = [];
    spine.addJob(
      "count",
      define(async ({ attempt }) => void attempts.push(attempt), { concurrency: 1 }),
    );
    const ids = await enqueue(spine, "count", upTo(3), () => ({ key: "one" }));
    await crash(spine, 1);
    await spine.jobs.start();
    await spine.jobs.drained();
    expect(attempts).toEqual([1, 1, 1]);
    expect(await spine.jobs.get(ids[0] ?? "")).toBeUndefined();
  });

  it("sets a job aside that took its process down five times, and runs it anew when asked", async () => {
    await using spine = await openSpine(open, {
      clock: hastyClock(20),
      jobs: { crashesMax: 5 },
    });
    const ran: number[] = [];
    spine.addJob(
      "poison",
      define(async ({ input }) => void ran.push(input.index), {
        quarantined: ({ input, error }, batch) =>
          note(batch, `aside ${input.index}: ${error.slice(0, 12)}`),
      }),
    );
    const [id = "", innocent = ""] = await enqueue(spine, "poison", [1, 2]);
    await crash(spine, 1, [id, innocent]);
    await crash(spine, 4, [id]);
    await spine.jobs.start();
    await spine.jobs.drained();
    expect(ran).toEqual([2]);
    expect(await spine.jobs.get(id)).toMatchObject({ state: "quarantined", crashes: 5 });
    expect(await notesOf(spine)).toEqual(["aside 1: jobs.crashed"]);
    await spine.jobs.retry(id);
    await spine.jobs.drained();
    expect(ran).toEqual([2, 1]);
  });

  it("sets nothing aside before its twentieth crash in a row: innocents of a process that is killed do not get there", async () => {
    await using spine = await openSpine(open, { clock: hastyClock(20) });
    const ran: number[] = [];
    spine.addJob(
      "slow",
      define(async ({ input }) => void ran.push(input.index)),
    );
    const [id = ""] = await enqueue(spine, "slow", [1]);
    await crash(spine, 19, [id]);
    await spine.hub.driver.append([
      {
        sql: `update jobs_active set crashes = crashes + 1, state = 'delayed', run_at = 0`,
        parameters: [],
      },
    ]);
    await spine.jobs.start();
    await spine.jobs.drained();
    expect(ran).toEqual([1]);
  });

  it("forgives the crashes of a job once a run of it has come to its end", async () => {
    await using spine = await openSpine(open);
    spine.addJob(
      "waits",
      define(() => Promise.resolve({ kind: "snooze", at: Date.now() + 3_600_000 })),
    );
    const [id = ""] = await enqueue(spine, "waits", [1]);
    await spine.hub.driver.append([
      { sql: `update jobs_active set crashes = 4, state = 'delayed', run_at = 0`, parameters: [] },
    ]);
    await spine.jobs.start();
    await spine.jobs.drained();
    expect(await spine.jobs.get(id)).toMatchObject({ state: "delayed", crashes: 0 });
  });

  it("runs jobs that crashed before one at a time, so that only the guilty one is blamed", async () => {
    await using spine = await openSpine(open);
    let together = 0;
    let worst = 0;
    spine.addJob(
      "suspect",
      define(async () => {
        together += 1;
        worst = Math.max(worst, together);
        await new Promise<void>((resolve) => void setTimeout(resolve, 3));
        together -= 1;
      }),
    );
    await enqueue(spine, "suspect", upTo(6));
    await spine.hub.driver.append([
      { sql: `update jobs_active set crashes = 2, state = 'delayed'`, parameters: [], rows: 6 },
    ]);
    await spine.jobs.start();
    await spine.jobs.drained();
    expect(worst).toBe(1);
  });

  it("takes back the jobs of a process that lets its leases pass, and fences what it still writes", async () => {
    await using spine = await openSpine(open, { jobs: { leaseMs: 300 } });
    spine.addJob(
      "write",
      define(({ attempt }) =>
        Promise.resolve({ kind: "done", with: (batch) => note(batch, `try ${attempt}`) }),
      ),
    );
    await spine.jobs.start();
    const [id = ""] = await enqueue(spine, "write", [1], () => ({ at: Date.now() + 3_600_000 }));
    const now = await spine.hub.driver.now();
    await spine.hub.driver.append([
      {
        sql: `update jobs_active set state = 'running', token = token + 1, owner = 'own_frozen', lease_until = ${now + 50}`,
        parameters: [],
        rows: 1,
      },
    ]);
    await until(async () => (await spine.jobs.get(id)) === undefined);
    expect(await notesOf(spine)).toEqual(["try 1"]);
  });
}

/** Makes the database look as if processes had claimed the jobs and died: `times` times, one after another. */
async function crash(spine: TestSpine, times: number, ids?: readonly string[]): Promise<void> {
  const which = ids === undefined ? "1 = 1" : `id in (${ids.map((id) => `'${id}'`).join(", ")})`;
  await spine.hub.driver.append([
    {
      sql: `update jobs_active set state = 'running', token = token + 1, owner = 'own_dead', lease_until = 1,
        crashes = crashes + ${times - 1} where ${which}`,
      parameters: [],
    },
  ]);
  if (times === 1 && ids !== undefined) {
    const next = await spine.another();
    // A process without the definitions: it recovers, and leaves what it does not know for later.
    await next.jobs.start();
    await next.jobs.stop({ graceMs: 0 });
    await spine.hub.driver.append([{ sql: `update jobs_active set run_at = 0`, parameters: [] }]);
  }
}
