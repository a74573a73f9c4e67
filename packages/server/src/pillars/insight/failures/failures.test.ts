import { systemClock } from "portico/kernel";
import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { openHello } from "../hello.fixture.ts";
import type { HelloApp } from "../hello.fixture.ts";
import { forgetErrors } from "./forget.ts";
import { groupOf } from "./group.ts";
import { writeGroups } from "./record.ts";

const DAY_MS = 86_400_000;
/** When the clock of a test begins. */
const START = Date.UTC(2026, 0, 1);
const keeper = { subject: "user_keeper", permissions: ["insight:*", "hello:*"] };
const operator = { ...keeper, instancePermissions: ["insight:operate"] };

interface Shown {
  readonly id: string;
  readonly kind: string;
  readonly place: string;
  readonly state: string;
  readonly count: number;
  readonly revision: number;
  readonly message: string;
  readonly regressedAt: string | null;
}

async function errors(
  { app }: HelloApp,
  query = "state=all",
  caller: object = keeper,
): Promise<readonly Shown[]> {
  const reply = await app.as(caller).get(`/errors?${query}`);
  expect(reply.status, reply.text).toBe(200);
  return (reply.json() as { readonly data: readonly Shown[] }).data;
}

/** What a failing operation leads to, told by its list. */
async function broken(it: HelloApp, ...ids: readonly string[]): Promise<Shown> {
  for (const id of ids) {
    expect((await it.app.as(keeper).get(`/broken/${id}`)).status).toBe(500);
  }
  const [found] = await errors(it, "state=all&kind=operation");
  if (found === undefined) throw new TypeError("there is no error");
  return found;
}

describeStore("errors", (open) => {
  it("group operations that fail in the same way, with who met them and samples", async () => {
    await using it = await openHello(open);
    const found = await broken(it, "1", "22", "333");
    expect(found).toMatchObject({
      kind: "operation",
      place: "GET /api/v1/broken/{id}",
      code: "request.internal",
      state: "open",
      count: 3,
      revision: 1,
    });
    const one = (await it.app.as(keeper).get(`/errors/${found.id}`)).json();
    expect(one).toMatchObject({
      inside: null,
      callers: [{ subject: "user_keeper", count: 3 }],
      samples: [{}, {}, {}],
    });
    // What broke inside is the operator's to see.
    expect(JSON.stringify(one)).not.toContain("secret table");
    const inside = (await it.app.as(operator).get(`/errors/${found.id}`)).json();
    expect(inside).toMatchObject({
      inside: { detail: "secret table row 1 is broken", stack: expect.stringContaining("hello") },
      samples: [{ message: "secret table row 333 is broken" }, {}, {}],
    });
  });

  it("come of jobs that throw, once for each try", async () => {
    await using it = await openHello(open, systemClock);
    await it.app.as(keeper).post("/work");
    await it.app.settled();
    const [found] = await errors(it, "kind=job");
    expect(found).toMatchObject({ place: "hello.work", count: 1, message: "A job failed." });
    const one = await it.app.as(operator).get(`/errors/${found?.id ?? ""}`);
    expect(one.json()).toMatchObject({
      inside: { detail: "the machine stands still" },
      callers: [{ subject: "user_keeper" }],
    });
  });

  it("stay resolved until they happen again, and then say so", async () => {
    await using it = await openHello(open);
    const first = await broken(it, "1");
    const resolved = await it.app.as(keeper).post(`/errors/${first.id}/resolve`);
    expect(resolved.json()).toMatchObject({ state: "resolved", revision: 2, regressedAt: null });
    expect(await errors(it, "")).toStrictEqual([]);
    it.clock.set(it.clock.now() + 1_000);
    expect(await broken(it, "2")).toMatchObject({
      id: first.id,
      state: "open",
      count: 2,
      revision: 3,
      regressedAt: expect.any(String),
    });
  });

  it("count what was under way when they were resolved without opening again", async () => {
    await using it = await openHello(open);
    const first = await broken(it, "1");
    await it.app.as(keeper).post(`/errors/${first.id}/resolve`);
    expect(await broken(it, "2")).toMatchObject({ state: "resolved", count: 2 });
  });

  it("are counted but not listed while they are muted, also when they happen again", async () => {
    await using it = await openHello(open);
    const first = await broken(it, "1");
    await it.app.as(keeper).post(`/errors/${first.id}/mute`);
    it.clock.set(it.clock.now() + 1_000);
    expect(await broken(it, "2")).toMatchObject({ state: "muted", count: 2 });
    expect(await errors(it, "")).toStrictEqual([]);
    await it.app.as(keeper).post(`/errors/${first.id}/reopen`);
    expect(await errors(it, "")).toHaveLength(1);
  });

  it("may only be changed as they were seen, and every change is audited", async () => {
    await using it = await openHello(open);
    const { id } = await broken(it, "1");
    const stale = await it.app
      .as(keeper)
      .post(`/errors/${id}/resolve`, undefined, { "if-match": '"7"' });
    expect(stale.status).toBe(412);
    expect(await errors(it, "")).toHaveLength(1);
    await it.app.as(keeper).post(`/errors/${id}/resolve`, undefined, { "if-match": '"1"' });
    // Resolving what is resolved changes nothing.
    const again = await it.app.as(keeper).post(`/errors/${id}/resolve`);
    expect(again.json()).toMatchObject({ revision: 2 });
    const audit = await it.app.as({ permissions: ["audit:read"] }).get("/audit");
    const { data } = audit.json() as { readonly data: readonly { readonly action: string }[] };
    expect(data.map(({ action }) => action)).toStrictEqual(["errors.resolved"]);
  });

  it("are nobody else's: 404 for another organization's, 403 without the permission", async () => {
    await using it = await openHello(open);
    const { id } = await broken(it, "1");
    const stranger = it.app.as({ ...operator, organization: "other" });
    expect((await stranger.get(`/errors/${id}`)).status).toBe(404);
    expect((await stranger.post(`/errors/${id}/mute`)).status).toBe(404);
    expect((await stranger.get("/errors?state=all")).json()).toMatchObject({ data: [] });
    const reader = it.app.as({ permissions: ["insight:read"] });
    expect((await reader.post(`/errors/${id}/mute`)).status).toBe(403);
    expect((await reader.post("/errors", { place: "a", message: "b" })).status).toBe(403);
    expect((await it.app.inject({ url: "/api/v1/errors" })).status).toBe(401);
  });

  it("are told by the application, durably, with its own words, and grouped like any other", async () => {
    await using it = await openHello(open);
    const report = async (payment: number) =>
      await it.app.as(keeper).post("/errors", {
        place: "invoices.pay",
        message: `The bank refused payment ${payment}`,
        stack: `Error: x\n    at pay (/srv/pay.ts:${payment}:1)`,
      });
    const first = await report(7);
    expect([first.status, first.json()]).toMatchObject([201, { kind: "application", count: 1 }]);
    const second = (await report(8)).json() as Shown;
    expect(second.count).toBe(2);
    const one = (await it.app.as(keeper).get(`/errors/${second.id}`)).json();
    expect(one).toMatchObject({ inside: { stack: expect.stringContaining("pay.ts") } });
    const texts = ["𝔘nicode \u202e نص", "a".repeat(2_000), "'; drop table insight_errors; --"];
    for (const message of texts) {
      const reply = await it.app.as(keeper).post("/errors", { place: "x", message });
      expect(reply.json()).toMatchObject({ message });
    }
    const bad = await it.app.as(keeper).post("/errors", { place: "", message: 1 });
    expect(bad.status).toBe(422);
  });

  it("page from what happened last on, each once", async () => {
    await using it = await openHello(open);
    for (const place of ["a", "b", "c", "d", "e"]) {
      it.clock.set(it.clock.now() + (place === "c" ? 0 : 1_000));
      await it.app.as(keeper).post("/errors", { place, message: "m" });
    }
    const seen: string[] = [];
    let cursor = "";
    for (let page = 0; page < 5; page += 1) {
      const reply = await it.app.as(keeper).get(`/errors?limit=2${cursor}`);
      const { data, next } = reply.json() as { data: readonly Shown[]; next: string | null };
      seen.push(...data.map(({ place }) => place));
      if (next === null) break;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
    expect(seen.toSorted()).toStrictEqual(["a", "b", "c", "d", "e"]);
    expect(seen[0]).toBe("e");
  });

  it("keep ten samples and two hundred callers of a storm, and count them all", async () => {
    await using it = await openHello(open);
    const ctx = it.app.context("insight");
    for (let storm = 0; storm < 6; storm += 1) {
      const group = groupOf(occurrence(storm * 50));
      for (let index = 1; index < 50; index += 1) {
        const { addTo } = await import("./group.ts");
        addTo(group, occurrence(storm * 50 + index));
      }
      expect(await writeGroups(ctx, [group])).toStrictEqual([]);
    }
    const [found] = await errors(it);
    expect(found?.count).toBe(300);
    const one = (await it.app.as(keeper).get(`/errors/${found?.id ?? ""}`)).json();
    const { callers, samples } = one as { callers: unknown[]; samples: unknown[] };
    expect([callers.length, samples.length]).toStrictEqual([200, 10]);
  });

  it("are one error when two processes meet it at the same moment", async () => {
    await using it = await openHello(open);
    const ctx = it.app.context("insight");
    const groups = [groupOf(occurrence(1)), groupOf(occurrence(2)), groupOf(occurrence(3))];
    const left = await Promise.all(groups.map((group) => writeGroups(ctx, [group])));
    // Who lost the race tries again, as the collector does.
    for (const group of left.flat()) expect(await writeGroups(ctx, [group])).toStrictEqual([]);
    expect(await errors(it)).toMatchObject([{ count: 3 }]);
  });

  it("are forgotten when they did not happen for long, and the oldest when there are too many", async () => {
    await using it = await openHello(open);
    const ctx = it.app.context("insight");
    for (let index = 0; index < 15; index += 1) {
      await writeGroups(ctx, [groupOf({ ...occurrence(index), place: `p${index}` })]);
    }
    it.clock.set(START + 10 * DAY_MS);
    await forgetErrors(ctx, { days: 90, groupsMax: 10 });
    const left = await errors(it);
    expect(left.map(({ place }) => place)).toStrictEqual(
      Array.from({ length: 10 }, (_each, index) => `p${14 - index}`),
    );
    it.clock.set(START + 91 * DAY_MS);
    await forgetErrors(ctx, { days: 90, groupsMax: 10 });
    expect(await errors(it)).toStrictEqual([]);
    const rows = await it.database.driver.query({
      sql: "select count(*) as n from insight_error_samples",
      parameters: [],
    });
    expect(Number(rows.rows[0]?.["n"])).toBe(0);
  });
});

function occurrence(index: number) {
  return {
    kind: "job",
    organization: "default",
    place: "notes.digest",
    code: null,
    text: "broken",
    stack: null,
    message: "A job failed.",
    detail: "broken",
    at: START + index,
    subject: `user_${index}`,
    trace: null,
    source: null,
  };
}
