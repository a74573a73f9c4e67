import { definePlugin, job } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { createTestApp, fakeClock } from "portico/testing";
import type { TestApp } from "portico/testing";
import { Type } from "typebox";
import { describe, expect, test } from "vitest";
import { jobs } from "./index.ts";

/** A plugin with a job that callers may schedule, one that they may not, and one that tells a secret when it fails. */
function reports(run: () => Promise<void>): AnyPlugin {
  const input = Type.Object({ month: Type.String(), token: Type.Optional(Type.String()) });
  return definePlugin({
    id: "reports",
    version: "1.0.0",
    engine: "^1",
    permissions: { "reports:write": "Make reports" },
    jobs: {
      monthly: job({ input, shows: ["month"], callable: "reports:write", attempts: 1, run }),
      inner: job({ input: Type.Object({}), run: () => Promise.resolve() }),
    },
  });
}

/** Declares who may publish, as the pillar of events does. */
const publishing = definePlugin({
  id: "events",
  version: "1.0.0",
  engine: "^1",
  permissions: { "events:write": "Publish events" },
});

const monthly = {
  name: "reports.monthly",
  input: { month: "2026-05", token: "s3cret-of-the-input" },
};

async function open(run: () => Promise<void> = () => Promise.resolve()): Promise<TestApp> {
  return await createTestApp({ plugins: [jobs, publishing, reports(run)] });
}

interface Made {
  readonly id: string;
}

async function make(app: TestApp, body: object, path = "/schedules"): Promise<Made> {
  const made = await app.as().post(path, body);
  expect({ status: made.status, text: made.status < 300 ? "" : made.text }).toEqual({
    status: path === "/schedules" ? 201 : 202,
    text: "",
  });
  return made.json() as Made;
}

describe("jobs", () => {
  test("show what their definition shows, and neither the rest of the input nor a credential in an error", async () => {
    const key = "Bearer abcdefghijklmnopqrstuvwxyz0123456789";
    await using app = await open(() => Promise.reject(new TypeError(`refused: ${key}`)));
    const { id: schedule } = await make(app, { cron: "@yearly", job: monthly });
    const { id } = await make(app, {}, `/schedules/${schedule}/run`);
    await app.settled();
    const seen = await app.as().get(`/jobs/${id}`);
    expect(seen.json()).toMatchObject({
      name: "reports.monthly",
      state: "failed",
      attempts: 1,
      schedule,
      input: { month: "2026-05" },
    });
    expect(seen.text).not.toContain("s3cret");
    expect(seen.text).not.toContain("abcdefghijklmnop");
    const told = await app.events();
    expect(told.map(({ type }) => type)).toEqual(["job.failed"]);
    expect(JSON.stringify(told[0]?.data)).not.toMatch(/s3cret|abcdefghijklmnop/);
  });

  test("are listed by state, name, key and schedule, and page over ended and others alike", async () => {
    let isBroken = true;
    await using app = await open(() =>
      isBroken ? Promise.reject(new TypeError("no")) : Promise.resolve(),
    );
    const { id: schedule } = await make(app, { cron: "@yearly", job: monthly });
    const run = (body: object): Promise<Made> => make(app, body, `/schedules/${schedule}/run`);
    const failed = await run({});
    await app.settled();
    isBroken = false;
    const done = await run({});
    await app.settled();
    const later = await run({ delaySeconds: 60 });
    const idsOf = async (query: string): Promise<readonly string[]> =>
      ((await app.as().get(`/jobs?${query}`)).json() as { data: Made[] }).data.map(({ id }) => id);
    expect(await idsOf("name=reports")).toEqual([later.id, done.id, failed.id]);
    expect(await idsOf("name=reports.monthly&state=delayed")).toEqual([later.id]);
    expect(await idsOf("state=completed")).toEqual([done.id]);
    expect(await idsOf(`schedule=${schedule}&state=failed`)).toEqual([failed.id]);
    expect(await idsOf("key=none")).toEqual([]);
    const first = (await app.as().get("/jobs?limit=2")).json() as { data: Made[]; next: string };
    const rest = await idsOf(`limit=2&cursor=${encodeURIComponent(first.next)}`);
    expect([...first.data.map(({ id }) => id), ...rest]).toEqual([later.id, done.id, failed.id]);
  });

  test("of another organization are not there, for whatever is asked of them", async () => {
    await using app = await open();
    const { id: schedule } = await make(app, { cron: "@yearly", job: monthly });
    const { id } = await make(app, { delaySeconds: 60 }, `/schedules/${schedule}/run`);
    const stranger = app.as({ organization: "stranger", permissions: ["*"] });
    expect((await stranger.get("/jobs")).json()).toEqual({ data: [], next: null });
    const replies = [
      await stranger.get(`/jobs/${id}`),
      await stranger.post(`/jobs/${id}/retry`),
      await stranger.post(`/jobs/${id}/cancel`),
      await stranger.get(`/schedules/${schedule}`),
      await stranger.patch(`/schedules/${schedule}`, { cron: "@daily" }),
      await stranger.post(`/schedules/${schedule}/run`, {}),
      await stranger.post(`/schedules/${schedule}/pause`),
      await stranger.delete(`/schedules/${schedule}`),
    ];
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 404));
    expect((await app.as().get(`/jobs/${id}`)).json()).toMatchObject({ state: "delayed" });
  });

  test("are cancelled once and for all, and retried afterwards", async () => {
    await using app = await open();
    const { id: schedule } = await make(app, { cron: "@yearly", job: monthly });
    const { id } = await make(app, { delaySeconds: 60 }, `/schedules/${schedule}/run`);
    expect((await app.as().post(`/jobs/${id}/cancel`)).json()).toEqual({ id, status: "cancelled" });
    expect((await app.as().post(`/jobs/${id}/cancel`)).status).toBe(202);
    expect((await app.as().post(`/jobs/${id}/retry`)).status).toBe(202);
    await app.settled();
    expect((await app.as().get(`/jobs/${id}`)).json()).toMatchObject({ state: "completed" });
    expect((await app.as().post(`/jobs/${id}/cancel`)).json()).toMatchObject({
      code: "jobs.hasEnded",
    });
    expect((await app.as().post(`/jobs/${id}/retry`)).json()).toMatchObject({
      code: "jobs.notEnded",
    });
  });
});

describe("schedules", () => {
  test("publish their event once for each tick, on a thread of its own", async () => {
    const clock = fakeClock();
    await using app = await createTestApp({ plugins: [jobs, publishing], clock });
    const event = { type: "day.began", data: { office: "Berlin" }, subject: "berlin" };
    const { id } = await make(app, { cron: "0 8 * * *", zone: "Europe/Berlin", event });
    for (const hours of [7, 24, 24]) {
      await clock.advance(hours * 3_600_000);
      await pass(clock);
    }
    const published = (await app.events()).filter(({ type }) => type === "day.began");
    expect(published.map(({ subject, data }) => ({ subject, data }))).toEqual(
      [1, 2, 3].map(() => ({ subject: "berlin", data: { office: "Berlin" } })),
    );
    expect(new Set(published.map(({ event: each }) => each.trace)).size).toBe(3);
    expect((await app.as().get(`/schedules/${id}`)).json()).toMatchObject({
      nextAt: "2026-01-04T07:00:00.000Z",
      lastAt: "2026-01-03T07:00:00.000Z",
    });
  });

  test("publish nothing of a type that a plugin declares by the time they tick", async () => {
    const office = definePlugin({
      id: "office",
      version: "1.0.0",
      engine: "^1",
      events: {
        "office.closed": { description: "It closed.", data: Type.Object({}), example: {} },
      },
    });
    await using app = await createTestApp({ plugins: [jobs, publishing, office] });
    const { id } = await make(app, { cron: "@yearly", event: { type: "day.ended", data: {} } });
    // As if the plugin had come after the schedule.
    await app.spine.hub.driver.append([
      {
        sql: `update schedules_schedules set input = '{"type":"office.closed","data":{}}' where slug is null and declared is null`,
        parameters: [],
        rows: 1,
      },
    ]);
    const { id: run } = await make(app, {}, `/schedules/${id}/run`);
    await app.settled();
    expect((await app.as().get(`/jobs/${run}`)).json()).toMatchObject({
      state: "failed",
      error: expect.stringContaining("'office' alone"),
    });
    expect((await app.events()).map(({ type }) => type)).toEqual(["job.failed"]);
  });

  test("show their next ten times, and those of a pattern that is not stored", async () => {
    await using app = await open();
    const made = (
      await app.as().post("/schedules", { cron: "0 0 1 * *", job: monthly })
    ).json() as {
      next: readonly unknown[];
    };
    expect(made.next).toHaveLength(10);
    const preview = await app.as().post("/schedules/preview", {
      cron: "30 2 * * *",
      zone: "Europe/Berlin",
      after: "2026-03-28T12:00:00Z",
      count: 2,
    });
    expect(preview.json()).toEqual({
      zone: "Europe/Berlin",
      next: [
        { at: "2026-03-29T01:00:00.000Z", local: "2026-03-29 03:00:00" },
        { at: "2026-03-30T00:30:00.000Z", local: "2026-03-30 02:30:00" },
      ],
    });
  });

  test.each([
    ["a pattern that never comes", { cron: "0 0 30 2 *", job: monthly }, "schedules.badTiming"],
    [
      "a zone that is none",
      { cron: "@daily", zone: "Mars/Base", job: monthly },
      "schedules.badTiming",
    ],
    ["neither event nor job", { cron: "@daily" }, "jobs.eventOrJob"],
    ["both", { cron: "@daily", job: monthly, event: { type: "a", data: 1 } }, "jobs.eventOrJob"],
    [
      "a type that is the kernel's",
      { cron: "@daily", event: { type: "job.failed", data: 1 } },
      "jobs.reservedType",
    ],
    [
      "a job no caller may schedule",
      { cron: "@daily", job: { name: "reports.inner" } },
      "schedules.unknownJob",
    ],
    [
      "the job that publishes",
      { cron: "@daily", job: { name: "jobs.publish", input: { type: "a", data: 1 } } },
      "schedules.unknownJob",
    ],
    [
      "a job that is none",
      { cron: "@daily", job: { name: "reports.none" } },
      "schedules.unknownJob",
    ],
    [
      "an input that is not the job's",
      { cron: "@daily", job: { name: "reports.monthly", input: {} } },
      "schedules.badInput",
    ],
  ])("are refused with %s", async (_words, body, code) => {
    await using app = await open();
    const refused = await app.as().post("/schedules", body);
    expect(refused.json()).toMatchObject({ status: 422, code });
  });

  test("give nobody what it could not do by itself", async () => {
    await using app = await open();
    const limited = app.as({ permissions: ["schedules:write", "schedules:read"] });
    const event = { type: "day.began", data: {} };
    for (const body of [
      { cron: "@daily", event },
      { cron: "@daily", job: monthly },
    ]) {
      const refused = await limited.post("/schedules", body);
      expect(refused.json()).toMatchObject({ status: 403, code: "jobs.mayNotSchedule" });
    }
    const { id } = await make(app, { cron: "@daily", event });
    const changed = await limited.patch(`/schedules/${id}`, { job: monthly });
    expect(changed.json()).toMatchObject({ status: 403, code: "jobs.mayNotSchedule" });
  });

  test("are as many as the operator allows, and change with their revision", async () => {
    await using app = await createTestApp({
      plugins: [jobs, reports(() => Promise.resolve())],
      settings: { jobs: { schedulesMax: 1 } },
    });
    const { id } = await make(app, { cron: "@daily", slug: "daily", job: monthly });
    const another = await app.as({ organization: "other", permissions: ["*"] }).post("/schedules", {
      cron: "@daily",
      slug: "daily",
      job: monthly,
    });
    expect(another.status).toBe(201);
    expect(
      (await app.as().post("/schedules", { cron: "@daily", job: monthly })).json(),
    ).toMatchObject({
      status: 409,
      code: "schedules.tooMany",
    });
    const patch = (ifMatch: string): Promise<{ readonly status: number }> =>
      app.as().patch("/schedules/daily", { overlap: "queue" }, { "if-match": ifMatch });
    expect((await patch('"1"')).status).toBe(200);
    expect((await patch('"1"')).status).toBe(412);
    expect((await app.as().get(`/schedules/${id}`)).json()).toMatchObject({
      overlap: "queue",
      cron: "@daily",
      revision: 2,
    });
  });

  test("that a plugin declares are seen and paused, and change with the plugin only", async () => {
    await using app = await open();
    const { data } = (await app.as().get("/schedules")).json() as { data: Made[] };
    const [{ id } = { id: "" }] = data;
    expect(data).toMatchObject([{ declaredBy: "jobs.sweep", state: "active" }]);
    expect((await app.as().patch(`/schedules/${id}`, { cron: "@daily" })).json()).toMatchObject({
      code: "schedules.declared",
    });
    expect((await app.as().delete(`/schedules/${id}`)).status).toBe(409);
    expect((await app.as().post(`/schedules/${id}/pause`)).json()).toMatchObject({
      state: "paused",
      next: [],
    });
  });

  test("sweep away what ended longer ago than it is kept", async () => {
    const clock = fakeClock();
    const failing = reports(() => Promise.reject(new TypeError("no")));
    await using app = await createTestApp({
      plugins: [jobs, failing],
      clock,
      settings: { jobs: { keepDays: 1 } },
    });
    const { id: schedule } = await make(app, { cron: "0 0 1 6 *", job: monthly });
    const { id } = await make(app, {}, `/schedules/${schedule}/run`);
    await pass(clock);
    expect((await app.as().get(`/jobs/${id}`)).json()).toMatchObject({ state: "failed" });
    await clock.advance(2 * 86_400_000);
    await pass(clock);
    expect((await app.as().get(`/jobs/${id}`)).status).toBe(404);
  });
});

/** Lets what is due be done, on a clock that stands still otherwise. */
async function pass(clock: { advance(ms: number): Promise<void> }): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) {
    await clock.advance(100);
    await new Promise<void>((resolve) => void setTimeout(resolve, 5));
  }
}
