import { expect, it } from "vitest";
import type { NewSchedule, ScheduleView } from "../contract/index.ts";
import type { OpenTestDatabase } from "./describe-store.ts";
import { acme, define, upTo } from "./job-fixtures.ts";
import { gate, openSpine, testOrigin, until } from "./spine.ts";
import type { TestSpine } from "./spine.ts";

const HOUR_MS = 3_600_000;
const job = { plugin: "notes", name: "tick", input: { index: 1 } };

/** What schedules promise: each tick at most once, missed and overlapping ones as declared, pausing. */
export function schedulesSuite(open: OpenTestDatabase): void {
  ticking(open);
  overlapping(open);
  pausing(open);
  declaring(open);
}

function ticking(open: OpenTestDatabase): void {
  it("makes one job of a tick, however many processes look", async () => {
    await using spine = await openSpine(open);
    const others = [await spine.another(), await spine.another()];
    const ran: string[] = [];
    for (const each of [spine, ...others]) addTick(each, async (id) => void ran.push(id));
    const schedules = await Promise.all(
      upTo(5).map(() => create(spine, { cron: "0 * * * *", overlap: "queue" })),
    );
    await spine.jobs.start();
    const now = await spine.hub.driver.now();
    for (const round of upTo(3)) {
      await setBack(spine, now - (round + 1) * 1_000);
      for (const each of [spine, ...others]) await each.schedules.start([]);
      await until(async () => (await dueOf(spine)) === 0);
      for (const each of [spine, ...others]) await each.schedules.stop();
    }
    await spine.jobs.drained();
    const ticks = await ticksOf(spine);
    expect(new Set(ran)).toEqual(new Set(ticks.map((tick) => tick.job)));
    expect(ran).toHaveLength(ticks.length);
    expect(ticks).toHaveLength(schedules.length * 3);
  });

  it("stores tick, job and next time together, or nothing of them", async () => {
    await using spine = await openSpine(open);
    addTick(spine, () => Promise.resolve());
    const { id } = await create(spine, { cron: "0 * * * *" });
    await setBack(spine, (await spine.hub.driver.now()) - 1_000);
    // The tick's row is there already, as of a process that was cut off here: the job must not come a second time.
    await spine.hub.driver.append([
      {
        sql: `insert into schedules_ticks (organization, schedule, tick_at, outcome, job, at)
          select organization, id, next_at, 'run', 'job_1', 0 from schedules_schedules`,
        parameters: [],
        rows: 1,
      },
    ]);
    await spine.schedules.start([]);
    await new Promise<void>((resolve) => void setTimeout(resolve, 100));
    expect(await spine.jobs.list({ limit: 10 })).toEqual([]);
    expect((await spine.schedules.face.get("acme", id)).lastAt).toBeNull();
  });

  it("goes on behind ticks that came before, by a clock that was set back since", async () => {
    await using spine = await openSpine(open);
    addTick(spine, () => Promise.resolve());
    const { id } = await create(spine, { cron: "0 * * * *" });
    const now = await spine.hub.driver.now();
    await setBack(spine, now - 2_000);
    await spine.schedules.start([]);
    await until(async () => (await ticksOf(spine)).length === 1);
    await spine.schedules.stop();
    // As after a change of the schedule by the clock that was set back.
    await setBack(spine, now - 2_000);
    await spine.schedules.start([]);
    await until(async () => (await dueOf(spine)) === 0);
    expect(await spine.jobs.list({ limit: 10 })).toHaveLength(1);
    const { lastAt, nextAt } = await spine.schedules.face.get("acme", id);
    expect([lastAt, Number(nextAt) > now]).toEqual([now - 2_000, true]);
  });

  it("is not hidden by any number of schedules that stay due since their plugin is gone", async () => {
    await using spine = await openSpine(open);
    addTick(spine, () => Promise.resolve());
    await inAcme(spine, async (tx) => {
      for (const _each of upTo(501)) {
        await spine.schedules.face.create(tx, { job, cron: "0 * * * *" });
      }
    });
    const now = await spine.hub.driver.now();
    await setBack(spine, now - 5_000);
    await spine.hub.driver.append([
      { sql: `update schedules_schedules set plugin = 'gone'`, parameters: [] },
    ]);
    const { id } = await create(spine, { cron: "0 * * * *" });
    await spine.hub.driver.append([
      {
        sql: `update schedules_schedules set next_at = ${now}, fire_at = ${now} where plugin <> 'gone'`,
        parameters: [],
        rows: 1,
      },
    ]);
    await spine.schedules.start([]);
    await until(async () => (await ticksOf(spine)).length === 1);
    expect((await spine.schedules.face.get("acme", id)).lastAt).toBe(now);
  });

  it("tells of the ticks that are not made up, and makes up the newest", async () => {
    await using spine = await openSpine(open);
    addTick(spine, () => Promise.resolve());
    const { id } = await create(spine, {
      cron: "0 * * * *",
      catchUp: { window: "3h", max: 2 },
      overlap: "queue",
    });
    const now = await spine.hub.driver.now();
    await setBack(spine, Math.floor(now / HOUR_MS) * HOUR_MS - 9 * HOUR_MS);
    await spine.log.start();
    await spine.schedules.start([]);
    await until(async () => (await dueOf(spine)) === 0);
    await spine.log.drained();
    const ticks = await ticksOf(spine);
    const ran = ticks.filter(({ outcome }) => outcome === "run").length;
    // On the hour itself the newest tick came on time, and is not one of the two.
    expect([2, 3]).toContain(ran);
    const [event] = await spine.log.page({ organization: "acme", types: ["schedule.*"], limit: 9 });
    expect(event).toMatchObject({ type: "schedule.missed", subject: id, cause: id });
    const data = JSON.parse(new TextDecoder().decode(event?.data)) as { count: number };
    expect(data.count).toBe(10 - ran);
  });

  it("keeps its job with what it told, and does not tick after it was taken away", async () => {
    await using spine = await openSpine(open);
    addTick(spine, () => Promise.resolve());
    const { id } = await create(spine, { cron: "0 * * * *" });
    await spine.jobs.start();
    const run = await inAcme(spine, (tx) => spine.schedules.face.run(tx, id));
    await spine.jobs.drained();
    expect(await spine.jobs.list({ schedule: id, limit: 9 })).toMatchObject([
      { id: run, state: "completed", schedule: id },
    ]);
    await inAcme(spine, (tx) => spine.schedules.face.remove(tx, id));
    await expect(spine.schedules.face.get("acme", id)).rejects.toMatchObject({
      code: "schedules.notFound",
    });
  });

  it("is nobody else's", async () => {
    await using spine = await openSpine(open);
    addTick(spine, () => Promise.resolve());
    const { id } = await create(spine, { cron: "0 * * * *", slug: "hourly" });
    expect((await spine.schedules.face.get("acme", "hourly")).id).toBe(id);
    await expect(spine.schedules.face.get("globex", id)).rejects.toMatchObject({
      code: "schedules.notFound",
    });
    const elsewhere = { scope: { organization: "globex" }, origin: testOrigin };
    for (const change of ["pause", "resume", "remove", "run"] as const) {
      const changed = spine.hub.transaction<unknown>(elsewhere, (session) =>
        spine.schedules.face[change](session.as("notes"), id),
      );
      await expect(changed).rejects.toMatchObject({ code: "schedules.notFound" });
    }
    await expect(create(spine, { cron: "0 * * * *", slug: "hourly" })).rejects.toMatchObject({
      code: "schedules.slugTaken",
    });
  });
}

function overlapping(open: OpenTestDatabase): void {
  it.each([
    ["skip", 1, ["run", "skipped"]],
    ["queue", 2, ["run", "run"]],
    ["cancel", 2, ["run", "run"]],
  ] as const)("a tick that overlaps: %s", async (overlap, runs, outcomes) => {
    await using spine = await openSpine(open, { jobs: { leaseMs: 300 } });
    const mayEnd = gate();
    let together = 0;
    let worst = 0;
    const ran: string[] = [];
    addTick(spine, async (id, signal) => {
      together += 1;
      worst = Math.max(worst, together);
      const aborted = new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve());
      });
      await Promise.race([mayEnd.passed, aborted]);
      together -= 1;
      ran.push(id);
    });
    const { id } = await create(spine, { cron: "0 * * * *", overlap });
    await spine.jobs.start();
    const now = await spine.hub.driver.now();
    await setBack(spine, now - 2_000);
    await spine.schedules.start([]);
    await until(() => together === 1);
    await setBack(spine, now - 1_000);
    await until(async () => (await ticksOf(spine)).length === 2);
    await until(async () => (await spine.jobs.list({ schedule: id, limit: 9 })).length === runs);
    if (overlap === "cancel") {
      await until(
        async () => (await spine.jobs.list({ state: "cancelled", limit: 9 })).length === 1,
      );
      await until(() => ran.length === 1);
    }
    mayEnd.open();
    await spine.jobs.drained();
    expect((await ticksOf(spine)).map((tick) => tick.outcome)).toEqual(outcomes);
    expect(ran).toHaveLength(runs);
    // Those of `cancel` meet while the first is being told.
    expect(worst).toBeLessThanOrEqual(overlap === "cancel" ? 2 : 1);
  });
}

function pausing(open: OpenTestDatabase): void {
  it("pauses after failures in a row, which one that is done forgets", async () => {
    await using spine = await openSpine(open);
    let isBroken = true;
    addTick(spine, () => (isBroken ? Promise.reject(new TypeError("no")) : Promise.resolve()));
    const { id } = await create(spine, { cron: "0 * * * *", pauseAfter: 2 });
    await spine.log.start();
    await spine.jobs.start();
    await spine.schedules.start([]);
    const run = async (broken: boolean): Promise<ScheduleView> => {
      isBroken = broken;
      await inAcme(spine, (tx) => spine.schedules.face.run(tx, id));
      await spine.jobs.drained();
      return spine.schedules.face.get("acme", id);
    };
    expect(await run(true)).toMatchObject({ state: "active", failures: 1 });
    expect(await run(false)).toMatchObject({ state: "active", failures: 0 });
    await run(true);
    await run(true);
    await until(async () => (await spine.schedules.face.get("acme", id)).state === "paused");
    expect(await spine.schedules.face.get("acme", id)).toMatchObject({
      pausedReason: "failures",
      nextAt: null,
      failures: 2,
    });
    await spine.log.drained();
    const told = await spine.log.page({ organization: "acme", types: ["schedule.*"], limit: 9 });
    expect(told.map(({ type }) => type)).toEqual(["schedule.paused"]);
    const resumed = await inAcme(spine, (tx) => spine.schedules.face.resume(tx, id));
    expect(resumed).toMatchObject({ state: "active", failures: 0, pausedReason: null });
    expect(resumed.nextAt).toBeGreaterThan(await spine.hub.driver.now());
  });

  it("does not tick while it is paused, and has missed nothing when it goes on", async () => {
    await using spine = await openSpine(open);
    addTick(spine, () => Promise.resolve());
    const { id } = await create(spine, { cron: "* * * * * *" });
    await inAcme(spine, (tx) => spine.schedules.face.pause(tx, id));
    await spine.schedules.start([]);
    await new Promise<void>((resolve) => void setTimeout(resolve, 1_200));
    expect(await ticksOf(spine)).toEqual([]);
    await inAcme(spine, (tx) => spine.schedules.face.resume(tx, id));
    await until(async () => (await ticksOf(spine)).length > 0);
    expect((await ticksOf(spine)).map((tick) => tick.outcome)).not.toContain("missed");
  });

  it("pauses a schedule whose job no longer takes its input", async () => {
    await using spine = await openSpine(open);
    addTick(spine, () => Promise.resolve());
    const { id } = await create(spine, { cron: "0 * * * *" });
    await spine.hub.driver.append([
      { sql: `update schedules_schedules set input = '{"index":"one"}'`, parameters: [], rows: 1 },
    ]);
    await setBack(spine, (await spine.hub.driver.now()) - 1_000);
    await spine.schedules.start([]);
    await until(async () => (await spine.schedules.face.get("acme", id)).state === "paused");
    expect((await spine.schedules.face.get("acme", id)).pausedReason).toBe("input");
  });
}

function declaring(open: OpenTestDatabase): void {
  it("keeps the next tick of a declared schedule over restarts, and lets go of what is declared no more", async () => {
    await using spine = await openSpine(open);
    addTick(spine, () => Promise.resolve());
    const hourly = { cron: "0 * * * *", job: "tick", input: { index: 1 } };
    const declare = async (
      schedules: Record<string, typeof hourly>,
    ): Promise<readonly ScheduleView[]> => {
      await spine.schedules.start([{ plugin: "notes", schedules }]);
      await spine.schedules.stop();
      return spine.schedules.face.list({ organization: "default", limit: 9 });
    };
    const [first] = await declare({ digest: hourly, other: hourly });
    await spine.hub.driver.append([
      { sql: `update schedules_schedules set next_at = next_at + 1`, parameters: [], rows: 2 },
    ]);
    const same = await declare({ digest: hourly, other: hourly });
    expect(same[0]).toEqual({ ...first, nextAt: (first?.nextAt ?? 0) + 1 });
    const changed = await declare({ digest: { ...hourly, cron: "30 * * * *" } });
    expect(changed).toMatchObject([{ declared: "notes.digest", cron: "30 * * * *", revision: 2 }]);
    const { id = "" } = changed[0] ?? {};
    const elsewhere = { scope: { organization: "default" }, origin: testOrigin };
    const remove = spine.hub.transaction(elsewhere, (session) =>
      spine.schedules.face.remove(session.as("notes"), id),
    );
    await expect(remove).rejects.toMatchObject({ code: "schedules.declared" });
  });
}

function addTick(spine: TestSpine, run: (id: string, signal: AbortSignal) => Promise<void>): void {
  spine.addJob(
    "tick",
    define(({ id, signal }) => run(id, signal), { attempts: 1 }),
  );
}

function create(spine: TestSpine, schedule: Omit<NewSchedule, "job">): Promise<ScheduleView> {
  return inAcme(spine, (tx) => spine.schedules.face.create(tx, { job, ...schedule }));
}

function inAcme<TValue>(
  spine: TestSpine,
  run: (tx: Parameters<TestSpine["schedules"]["face"]["create"]>[0]) => Promise<TValue>,
): Promise<TValue> {
  return spine.hub.transaction({ scope: acme, origin: testOrigin }, (session) =>
    run(session.as("notes")),
  );
}

/** Lets every schedule stand before a tick at this time: what a clock that went on does. */
async function setBack(spine: TestSpine, at: number): Promise<void> {
  await spine.hub.driver.append([
    { sql: `update schedules_schedules set next_at = ${at}, fire_at = ${at}`, parameters: [] },
  ]);
}

async function dueOf(spine: TestSpine): Promise<number> {
  const now = await spine.hub.driver.now();
  const { rows } = await spine.hub.driver.query({
    sql: `select count(*) as many from schedules_schedules where fire_at <= ${now}`,
    parameters: [],
  });
  return Number(rows[0]?.["many"]);
}

async function ticksOf(
  spine: TestSpine,
): Promise<readonly { readonly outcome: string; readonly job: string | null }[]> {
  const { rows } = await spine.hub.driver.query({
    sql: `select outcome, job from schedules_ticks order by tick_at, schedule`,
    parameters: [],
  });
  return rows.map((row) => ({
    outcome: String(row["outcome"]),
    job: row["job"] === null ? null : String(row["job"]),
  }));
}
