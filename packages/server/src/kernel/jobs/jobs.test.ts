import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { job } from "../contract/index.ts";
import { describeStore } from "../testing/describe-store.ts";
import { jobEndsSuite } from "../testing/job-ends.suite.ts";
import { jobRecoverySuite } from "../testing/job-recovery.suite.ts";
import { jobsSuite } from "../testing/jobs.suite.ts";
import { openSpine, testOrigin, until } from "../testing/spine.ts";
import { openTestDatabase } from "../testing/test-database.ts";

describeStore("jobs", jobsSuite);
describeStore("ends of jobs", jobEndsSuite);
describeStore("jobs of runs that are lost", jobRecoverySuite);

describe("jobs of a process that dies, on PostgreSQL", () => {
  it("are taken back when its session ends, long before their lease would", async () => {
    await using spine = await openSpine((options) => openTestDatabase("postgres", options));
    const dying = await spine.another();
    const attempts: number[] = [];
    const input = Type.Object({});
    dying.addJob("long", job({ input, run: () => new Promise(() => {}) }));
    await dying.jobs.start();
    const id = await dying.hub.append(
      { scope: { organization: "acme" }, origin: testOrigin },
      (session) => session.as("notes").enqueue("long", {}),
    );
    await until(() => dying.jobs.running() === 1);
    spine.addJob(
      "long",
      job({ input, run: ({ attempt }) => Promise.resolve(void attempts.push(attempt)) }),
    );
    await spine.jobs.start();
    const leaseOf = async (): Promise<number> => {
      const { rows } = await spine.hub.driver.query({
        sql: `select lease_until from jobs_active where id = $1`,
        parameters: [id],
      });
      return Number(rows[0]?.["lease_until"] ?? 0);
    };
    const leaseUntil = await leaseOf();
    // All its sessions end, as with kill -9; nothing of it is told to stop.
    await dying.hub.driver.close();
    await until(() => attempts.length === 1);
    expect(await spine.hub.driver.now()).toBeLessThan(leaseUntil);
    await spine.jobs.drained();
    expect(await spine.jobs.get(id)).toBeUndefined();
  });
});

describe("a job that is cancelled while it ends, on PostgreSQL", () => {
  it("has ended, and is not kept as cancelled", async () => {
    await using spine = await openSpine((options) => openTestDatabase("postgres", options));
    const input = Type.Object({});
    spine.addJob("short", job({ input, run: () => Promise.resolve({ kind: "done" }) }));
    const id = await spine.hub.append(
      { scope: { organization: "acme" }, origin: testOrigin },
      (session) => session.as("notes").enqueue("short", {}),
    );
    let cancelled: Promise<unknown> = Promise.resolve();
    await spine.hub.driver.transaction(async (tx) => {
      // The end of the run, not committed yet.
      await tx.execute({ sql: `delete from jobs_active where id = $1`, parameters: [id] });
      cancelled = spine.jobs.cancel(id).catch((error: unknown) => error);
      await until(async () => {
        const sql = `select 1 as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        return (await spine.hub.driver.query({ sql, parameters: [] })).rows.length > 0;
      });
    });
    expect(await cancelled).toMatchObject({ code: "jobs.hasEnded" });
    expect(await spine.jobs.get(id)).toBeUndefined();
  });
});

describe("jobs of a process that died, on SQLite", () => {
  it("are taken back by the start itself, however long their leases were", async () => {
    await using spine = await openSpine((options) => openTestDatabase("sqlite", options));
    const input = Type.Object({});
    spine.addJob("long", job({ input, run: () => Promise.resolve({ kind: "done" }) }));
    const { driver } = spine.hub;
    await spine.hub.append({ scope: { organization: "acme" }, origin: testOrigin }, (session) =>
      session.as("notes").enqueue("long", {}),
    );
    const until = (await driver.now()) + 3_600_000;
    await driver.append([
      {
        sql: `update jobs_active set state = 'running', token = 1, owner = 'own_dead', lease_until = ?`,
        parameters: [until],
        rows: 1,
      },
    ]);
    await spine.jobs.start();
    const sql = `select n from jobs_active where owner = 'own_dead'`;
    expect((await driver.query({ sql, parameters: [] })).rows).toEqual([]);
  });
});
