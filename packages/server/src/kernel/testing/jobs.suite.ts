import { expect, it } from "vitest";
import { isProblem, systemClock } from "../../base/index.ts";
import type { OpenTestDatabase } from "./describe-store.ts";
import { acme, define, enqueue, note, upTo } from "./job-fixtures.ts";
import type { EnqueueOptions } from "./job-fixtures.ts";
import { gate, notesOf, openSpine, testOrigin, until } from "./spine.ts";

/** What the engine promises of enqueuing, failing and sharing. */
export function jobsSuite(open: OpenTestDatabase): void {
  enqueueing(open);
  failing(open);
  sharing(open);
}

function enqueueing(open: OpenTestDatabase): void {
  it("runs every job of concurrent enqueuers once and keeps nothing of what is done", async () => {
    await using spine = await openSpine(open);
    const ran: number[] = [];
    spine.addJob(
      "count",
      define(async ({ input }) => void ran.push(input.index)),
    );
    await spine.jobs.start();
    await Promise.all(
      upTo(40).map((block) =>
        enqueue(
          spine,
          "count",
          upTo(10).map((each) => block * 10 + each),
        ),
      ),
    );
    await spine.jobs.drained();
    expect(ran.toSorted((a, b) => a - b)).toEqual(upTo(400));
    expect(await spine.jobs.list({ ended: false, limit: 10 })).toEqual([]);
    expect(await spine.jobs.list({ ended: true, limit: 10 })).toEqual([]);
  });

  it("never runs a job whose transaction was refused", async () => {
    await using spine = await openSpine(open);
    const ran: number[] = [];
    spine.addJob(
      "count",
      define(async ({ input }) => void ran.push(input.index)),
    );
    await spine.jobs.start();
    const refused = spine.hub.transaction({ scope: acme, origin: testOrigin }, (session) => {
      session.as("notes").enqueue("count", { index: 1 });
      return Promise.reject(new TypeError("refused"));
    });
    await expect(refused).rejects.toThrow("refused");
    await enqueue(spine, "count", [2]);
    await spine.jobs.drained();
    expect(ran).toEqual([2]);
  });

  it("refuses an unknown job and an input that is not as declared, where they are enqueued", async () => {
    await using spine = await openSpine(open);
    spine.addJob(
      "count",
      define(() => Promise.resolve()),
    );
    const codeOf = (name: string, given: unknown): Promise<unknown> =>
      spine.hub
        .append({ scope: acme, origin: testOrigin }, (session) =>
          session.as("notes").enqueue(name, given),
        )
        .catch((error: unknown) => (isProblem(error) ? error.code : error));
    expect(await codeOf("nothing", { index: 1 })).toBe("jobs.unknown");
    expect(await codeOf("count", { index: "1" })).toBe("jobs.badInput");
    expect(await spine.jobs.list({ ended: false, limit: 10 })).toEqual([]);
  });

  it("keeps one unfinished job of a unique name and takes the name again when it is done", async () => {
    await using spine = await openSpine(open);
    const ran: number[] = [];
    const mayEnd = gate();
    spine.addJob(
      "once",
      define(async ({ input }) => {
        ran.push(input.index);
        await mayEnd.passed;
      }),
    );
    const unique = (): EnqueueOptions => ({ unique: "daily" });
    const ids = await enqueue(spine, "once", [1, 2], unique);
    await spine.jobs.start();
    await until(() => ran.length === 1);
    const [whileRunning] = await enqueue(spine, "once", [3], unique);
    expect(new Set([...ids, whileRunning]).size).toBe(1);
    const elsewhere = await spine.hub.append(
      { scope: { organization: "globex" }, origin: testOrigin },
      (session) => session.as("notes").enqueue("once", { index: 9 }, { unique: "daily" }),
    );
    expect(elsewhere).not.toBe(ids[0]);
    mayEnd.open();
    await spine.jobs.drained();
    await enqueue(spine, "once", [4], unique);
    await spine.jobs.drained();
    expect(ran.toSorted((a, b) => a - b)).toEqual([1, 4, 9]);
  });

  it("starts urgent jobs first and, of equals, those that came first", async () => {
    await using spine = await openSpine(open, { jobs: { concurrency: 1 } });
    const ran: number[] = [];
    spine.addJob(
      "count",
      define(async ({ input }) => void ran.push(input.index)),
    );
    await enqueue(spine, "count", [1, 2, 3, 4], (index) => ({
      priority: index === 3 ? 0 : index === 1 ? 9 : 5,
    }));
    await spine.jobs.start();
    await spine.jobs.drained();
    expect(ran).toEqual([3, 2, 4, 1]);
  });

  it("runs a job of the lowest priority before urgent ones once it has waited for ten minutes", async () => {
    await using spine = await openSpine(open, { jobs: { concurrency: 1 } });
    const ran: number[] = [];
    spine.addJob(
      "count",
      define(async ({ input }) => void ran.push(input.index)),
    );
    const [waiting] = await enqueue(spine, "count", [9], () => ({ priority: 9 }));
    const [late] = await enqueue(spine, "count", [8], () => ({ priority: 9 }));
    for (const [id, minutes] of [
      [waiting, 10],
      [late, 8],
    ]) {
      await spine.hub.driver.append([
        {
          sql: `update jobs_active set "rank" = "rank" - ${Number(minutes) * 60_000} where id = '${id}'`,
          parameters: [],
          rows: 1,
        },
      ]);
    }
    await enqueue(spine, "count", [1, 2], () => ({ priority: 0 }));
    await spine.jobs.start();
    await spine.jobs.drained();
    expect(ran).toEqual([9, 1, 2, 8]);
  });

  it("does not start a job before its time", async () => {
    await using spine = await openSpine(open);
    const ran: number[] = [];
    spine.addJob(
      "count",
      define(async ({ input }) => void ran.push(input.index)),
    );
    await spine.jobs.start();
    const now = await spine.hub.driver.now();
    const [early] = await enqueue(spine, "count", [1], () => ({ at: now + 3_600_000 }));
    await enqueue(spine, "count", [2], () => ({ at: now + 30 }));
    await enqueue(spine, "count", [3]);
    await until(() => ran.length === 2);
    expect(ran.toSorted((a, b) => a - b)).toEqual([2, 3]);
    expect(await spine.jobs.get(early ?? "")).toMatchObject({ state: "delayed" });
  });
}

function failing(open: OpenTestDatabase): void {
  it("tries again after a failure, sets the job aside after the last try, and runs it anew when asked", async () => {
    await using spine = await openSpine(open);
    const attempts: number[] = [];
    let isBroken = true;
    spine.addJob(
      "shaky",
      define(
        ({ attempt }) => {
          attempts.push(attempt);
          return isBroken ? Promise.reject(new TypeError(`no ${attempt}`)) : Promise.resolve();
        },
        { attempts: 3, backoffMs: () => 1 },
      ),
    );
    const [id = ""] = await enqueue(spine, "shaky", [1]);
    await spine.jobs.start();
    await until(async () => (await spine.jobs.list({ ended: true, limit: 1 })).length === 1);
    expect(attempts).toEqual([1, 2, 3]);
    expect(await spine.jobs.get(id)).toMatchObject({ state: "failed", error: "no 3", crashes: 0 });
    isBroken = false;
    await spine.jobs.retry(id);
    await expect(spine.jobs.retry(id)).rejects.toSatisfy(isProblem);
    await spine.jobs.drained();
    expect(attempts).toEqual([1, 2, 3, 1]);
    expect(await spine.jobs.get(id)).toBeUndefined();
  });

  it("waits as long as it was told to wait, also when this process's clock is hours off", async () => {
    for (const hours of [3, -3]) {
      await using spine = await openSpine(open, {
        clock: { ...systemClock, now: () => Date.now() + hours * 3_600_000 },
      });
      const runs: number[] = [];
      spine.addJob(
        "wait",
        define(({ attempt }) => {
          runs.push(performance.now());
          return Promise.resolve(
            attempt === 1 ? { kind: "retry", error: "once more", afterMs: 300 } : undefined,
          );
        }),
      );
      await spine.jobs.start();
      const startedAt = performance.now();
      await enqueue(spine, "wait", [1], () => ({ afterMs: 300 }));
      await until(() => runs.length === 2);
      const [first = 0, second = 0] = runs;
      expect(first - startedAt).toBeGreaterThanOrEqual(290);
      expect(second - first).toBeGreaterThanOrEqual(290);
    }
  });

  it("counts a retry and not a snooze, and follows the time either names", async () => {
    await using spine = await openSpine(open);
    const attempts: number[] = [];
    spine.addJob(
      "steps",
      define(async ({ attempt }) => {
        attempts.push(attempt);
        const at = await spine.hub.driver.now();
        if (attempts.length === 1) return { kind: "snooze", at };
        if (attempts.length === 2) return { kind: "retry", error: "once more", at };
        return { kind: "fail", error: "enough\u0000" };
      }),
    );
    const [id = ""] = await enqueue(spine, "steps", [1]);
    await spine.jobs.start();
    await until(async () => (await spine.jobs.list({ ended: true, limit: 1 })).length === 1);
    expect(attempts).toEqual([1, 1, 2]);
    expect(await spine.jobs.get(id)).toMatchObject({ state: "failed", error: "enough\uFFFD" });
  });

  it("aborts a run that takes too long and counts it as a failure, though it goes on", async () => {
    await using spine = await openSpine(open);
    let wasAborted = false;
    spine.addJob(
      "slow",
      define(
        ({ signal }) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => {
              wasAborted = true;
              setTimeout(() => resolve({ kind: "done", with: (batch) => note(batch, "late") }), 20);
            });
          }),
        { timeoutMs: 20, attempts: 1 },
      ),
    );
    const [id = ""] = await enqueue(spine, "slow", [1]);
    await spine.jobs.start();
    await until(async () => (await spine.jobs.get(id))?.state === "failed");
    expect(wasAborted).toBe(true);
    expect((await spine.jobs.get(id))?.error).toContain("jobs.timeout");
    await new Promise<void>((resolve) => void setTimeout(resolve, 60));
    expect(await notesOf(spine)).toEqual([]);
  });
}

function sharing(open: OpenTestDatabase): void {
  it("never runs more of a key than its limit, over two engines, and runs them all", async () => {
    await using spine = await openSpine(open);
    const other = await spine.another();
    const running = new Map<string, number>();
    const seen: number[] = [];
    let worst = 0;
    const definition = define(
      async ({ input }) => {
        const key = `k${input.index % 3}`;
        const count = (running.get(key) ?? 0) + 1;
        running.set(key, count);
        worst = Math.max(worst, count);
        await new Promise<void>((resolve) => void setTimeout(resolve, 1 + (input.index % 4)));
        running.set(key, (running.get(key) ?? 0) - 1);
        seen.push(input.index);
      },
      { concurrency: 2 },
    );
    for (const each of [spine, other]) {
      each.addJob("limited", definition);
      await each.jobs.start();
    }
    const keyed = (index: number): EnqueueOptions => ({ key: `k${index % 3}` });
    await Promise.all(
      upTo(12).map((block) =>
        enqueue(
          block % 2 ? spine : other,
          "limited",
          upTo(10).map((each) => block * 10 + each),
          keyed,
        ),
      ),
    );
    await spine.jobs.drained();
    expect(worst).toBe(2);
    expect(seen.toSorted((a, b) => a - b)).toEqual(upTo(120));
  });

  it("does not let one organization's many ready jobs delay another's", async () => {
    await using spine = await openSpine(open, { jobs: { concurrency: 4 } });
    const order: string[] = [];
    spine.addJob(
      "count",
      define(async ({ organization }) => {
        order.push(organization);
        await new Promise<void>((resolve) => void setTimeout(resolve, 1));
      }),
    );
    await enqueue(spine, "count", upTo(300));
    for (const organization of ["globex", "aaa"]) {
      await spine.hub.append({ scope: { organization }, origin: testOrigin }, (session) => {
        for (const index of upTo(10)) session.as("notes").enqueue("count", { index });
      });
    }
    await spine.jobs.start();
    await spine.jobs.drained();
    expect(order).toHaveLength(320);
    // A third of the slots each, until the small ones are through.
    const last = Math.max(order.lastIndexOf("globex"), order.lastIndexOf("aaa"));
    expect(last).toBeLessThan(60);
  });

  it("runs the jobs of a key one after another in the order of their enqueuing", async () => {
    await using spine = await openSpine(open);
    const ran: number[] = [];
    spine.addJob(
      "ordered",
      define(
        async ({ input }) => {
          await new Promise<void>((resolve) => void setTimeout(resolve, input.index % 3));
          ran.push(input.index);
        },
        { concurrency: 1 },
      ),
    );
    await spine.jobs.start();
    for (const index of upTo(25)) await enqueue(spine, "ordered", [index], () => ({ key: "only" }));
    await spine.jobs.drained();
    expect(ran).toEqual(upTo(25));
  });

  it("gives the slot of a cancelled job to the next of its key", async () => {
    await using spine = await openSpine(open);
    const ran: number[] = [];
    const endless = new Promise<void>(() => {});
    spine.addJob(
      "limited",
      define(
        async ({ input }) => {
          ran.push(input.index);
          if (input.index === 0) await endless;
        },
        { concurrency: 1 },
      ),
    );
    const [first = ""] = await enqueue(spine, "limited", [0, 1], () => ({ key: "one" }));
    await spine.jobs.start();
    await until(() => ran.length === 1);
    await spine.jobs.cancel(first);
    await spine.jobs.drained();
    expect(ran).toEqual([0, 1]);
  });

  it("lets no key hold up another: jobs behind a stuck key are not even looked at", async () => {
    await using spine = await openSpine(open, { jobs: { concurrency: 4 } });
    const mayEnd = gate();
    const ran: number[] = [];
    spine.addJob(
      "limited",
      define(
        async ({ input }) => {
          if (input.index < 1_000) await mayEnd.passed;
          ran.push(input.index);
        },
        { concurrency: 1 },
      ),
    );
    await enqueue(spine, "limited", upTo(1_000), () => ({ key: "stuck" }));
    await spine.jobs.start();
    await enqueue(
      spine,
      "limited",
      upTo(50).map((each) => 1_000 + each),
      (index) => ({ key: `free${index % 5}` }),
    );
    await until(() => ran.length === 50);
    const states = async (): Promise<unknown> => {
      const { rows } = await spine.hub.driver.query({
        sql: `select state, count(*) as many from jobs_active group by state order by state`,
        parameters: [],
      });
      return rows.map((row) => `${String(row["state"])} ${Number(row["many"])}`).join(", ");
    };
    await until(async () => (await states()) === "running 1, waiting 999");
    expect(ran.every((index) => index >= 1_000)).toBe(true);
    mayEnd.open();
  });
}
