import { expect, it } from "vitest";
import type { LogEvent } from "../contract/index.ts";
import type { OpenTestDatabase } from "./describe-store.ts";
import { acme, define, enqueue, note, upTo } from "./job-fixtures.ts";
import { gate, notesOf, openSpine, testOrigin, until } from "./spine.ts";
import type { TestSpine } from "./spine.ts";

/** What the engine promises of how jobs end, and of what is seen of them on the way: progress, cancellation, events. */
export function jobEndsSuite(open: OpenTestDatabase): void {
  progressing(open);
  cancelling(open);
  telling(open);
}

function progressing(open: OpenTestDatabase): void {
  it("shows how far a run is, and keeps the last that it told with its end", async () => {
    await using spine = await openSpine(open);
    const mayEnd = gate();
    spine.addJob(
      "bulk",
      define(
        async ({ progress }) => {
          progress({ done: 1, total: 3, note: "begun\u0000" });
          await mayEnd.passed;
          progress({ done: 2, total: 3 });
          progress({ done: 3, total: 3 });
        },
        { reports: "everything" },
      ),
    );
    const [id = ""] = await enqueue(spine, "bulk", [1]);
    await spine.jobs.start();
    await until(async () => (await spine.jobs.get(id))?.progress !== null);
    expect(await spine.jobs.get(id)).toMatchObject({
      state: "running",
      progress: { done: 1, total: 3, note: "begun\uFFFD" },
    });
    mayEnd.open();
    await spine.jobs.drained();
    expect(await spine.jobs.get(id)).toMatchObject({
      state: "completed",
      progress: { done: 3, total: 3, note: null },
    });
  });

  it("writes progress at most once a second, however often it is told", async () => {
    await using spine = await openSpine(open);
    const mayEnd = gate();
    spine.addJob(
      "chatty",
      define(async ({ progress }) => {
        for (const done of upTo(10_000)) progress({ done });
        await mayEnd.passed;
      }),
    );
    const [id = ""] = await enqueue(spine, "chatty", [1]);
    await spine.jobs.start();
    await until(async () => (await spine.jobs.get(id))?.progress !== null);
    // The first is stored at once, all others wait for their second.
    expect((await spine.jobs.get(id))?.progress?.done).toBe(0);
    await until(async () => (await spine.jobs.get(id))?.progress?.done === 9_999);
    mayEnd.open();
    await spine.jobs.drained();
  });

  it("aborts a run that tells its progress after its job was taken, and stores nothing of it", async () => {
    await using spine = await openSpine(open);
    let reason: unknown;
    const mayTell = gate();
    spine.addJob(
      "late",
      define(async ({ progress, signal }) => {
        await mayTell.passed;
        progress({ done: 99 });
        await new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => resolve());
        });
        reason = signal.reason;
      }),
    );
    const [id = ""] = await enqueue(spine, "late", [1]);
    await spine.jobs.start();
    await until(() => spine.jobs.running() === 1);
    await spine.hub.driver.append([
      {
        sql: `update jobs_active set token = token + 1, owner = 'own_other'`,
        parameters: [],
        rows: 1,
      },
    ]);
    mayTell.open();
    await until(() => reason !== undefined);
    expect(reason).toBe("lost");
    expect((await spine.jobs.get(id))?.progress).toBeNull();
  });
}

function cancelling(open: OpenTestDatabase): void {
  it("aborts the run of a cancelled job in another process, and stores nothing of what it still writes", async () => {
    await using spine = await openSpine(open);
    const other = await spine.another();
    const ended = gate();
    const definition = define(async ({ signal }) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve());
      });
      ended.open();
      return { kind: "done", with: (batch) => note(batch, "too late") };
    });
    spine.addJob("long", definition);
    other.addJob("long", definition);
    const [id = ""] = await enqueue(spine, "long", [1]);
    await other.jobs.start();
    await until(() => other.jobs.running() === 1);
    await spine.hub.transaction({ scope: acme, origin: testOrigin }, (session) =>
      spine.jobs.face.cancel(session.as("notes"), id),
    );
    // What the change feed does in a server.
    await other.jobs.taken();
    await ended.passed;
    await other.jobs.drained();
    expect(await notesOf(spine)).toEqual([]);
    expect(await spine.jobs.get(id)).toMatchObject({ state: "cancelled" });
  });

  it("cancels and retries with the transaction that asks for it, or not at all", async () => {
    await using spine = await openSpine(open);
    spine.addJob(
      "count",
      define(() => Promise.resolve()),
    );
    const [id = ""] = await enqueue(spine, "count", [1], () => ({ at: Date.now() + 3_600_000 }));
    const refused = spine.hub.transaction({ scope: acme, origin: testOrigin }, async (session) => {
      await spine.jobs.face.cancel(session.as("notes"), id);
      throw new TypeError("refused");
    });
    await expect(refused).rejects.toThrow("refused");
    expect(await spine.jobs.get(id)).toMatchObject({ state: "delayed" });
  });

  it("cancels neither the jobs of another organization, nor what has ended, nor what is not cancellable", async () => {
    await using spine = await openSpine(open);
    spine.addJob(
      "fails",
      define(() => Promise.reject(new TypeError("no")), { attempts: 1 }),
    );
    spine.addJob(
      "own",
      define(() => Promise.resolve(), { cancellable: false }),
    );
    const [own = ""] = await enqueue(spine, "own", [1], () => ({ at: Date.now() + 3_600_000 }));
    const [failed = ""] = await enqueue(spine, "fails", [1]);
    await spine.jobs.start();
    await spine.jobs.drained();
    const cancel = (id: string, organization = "acme"): Promise<unknown> =>
      spine.hub.transaction({ scope: { organization }, origin: testOrigin }, (session) =>
        spine.jobs.face.cancel(session.as("notes"), id),
      );
    await expect(cancel(own)).rejects.toMatchObject({ code: "jobs.notCancellable" });
    await expect(cancel(failed)).rejects.toMatchObject({ code: "jobs.hasEnded" });
    await expect(cancel(failed, "globex")).rejects.toMatchObject({ code: "jobs.notFound" });
    await expect(spine.jobs.face.get("globex", failed)).rejects.toMatchObject({
      code: "jobs.notFound",
    });
  });
}

function telling(open: OpenTestDatabase): void {
  it("tells the failures of jobs and the ends of those that somebody waits for, and no others", async () => {
    await using spine = await openSpine(open);
    const fail = (): Promise<never> => Promise.reject(new TypeError("no"));
    const once = { attempts: 1 };
    spine.addJob(
      "quiet",
      define(() => Promise.resolve()),
    );
    spine.addJob(
      "awaited",
      define(() => Promise.resolve(), { reports: "everything" }),
    );
    spine.addJob("failing", define(fail, once));
    spine.addJob("silent", define(fail, { ...once, reports: "nothing" }));
    await spine.log.start();
    await spine.jobs.start();
    for (const name of ["quiet", "awaited", "failing", "silent"]) await enqueue(spine, name, [1]);
    await spine.jobs.drained();
    const events = await toldBy(spine);
    expect(events.map(({ type, data }) => `${type} ${nameIn(data)}`).toSorted()).toEqual([
      "job.completed notes.awaited",
      "job.failed notes.failing",
    ]);
  });

  it("does not tell the failure of a job that such an event caused", async () => {
    await using spine = await openSpine(open);
    spine.addJob(
      "failing",
      define(() => Promise.reject(new TypeError("no")), { attempts: 1 }),
    );
    await spine.log.start();
    await spine.jobs.start();
    await enqueue(spine, "failing", [1]);
    await spine.jobs.drained();
    const [told] = await toldBy(spine);
    await enqueue(spine, "failing", [2], () => ({
      origin: { ...testOrigin, cause: told?.id ?? "" },
    }));
    await spine.jobs.drained();
    expect(await toldBy(spine)).toHaveLength(1);
    expect(await spine.jobs.list({ state: "failed", limit: 10 })).toHaveLength(2);
  });

  it("forgets what ended long ago, few at a time, and nothing else", async () => {
    await using spine = await openSpine(open);
    spine.addJob(
      "failing",
      define(() => Promise.reject(new TypeError("no")), { attempts: 1 }),
    );
    await enqueue(spine, "failing", upTo(5));
    await spine.jobs.start();
    await spine.jobs.drained();
    await spine.hub.driver.append([
      { sql: `update jobs_ended set ended_at = 5 where input <> '{"index":0}'`, parameters: [] },
    ]);
    const forget = (): Promise<number> => spine.jobs.face.forget({ before: 6, limit: 3 });
    expect([await forget(), await forget(), await forget()]).toEqual([3, 1, 0]);
    expect(await spine.jobs.list({ limit: 10 })).toHaveLength(1);
  });
}

async function toldBy(spine: TestSpine): Promise<readonly LogEvent[]> {
  await spine.log.drained();
  return spine.log.page({ organization: "acme", types: ["job.*"], limit: 100 });
}

function nameIn(data: Uint8Array): string {
  return (JSON.parse(new TextDecoder().decode(data)) as { name: string }).name;
}
