import { describe, expect, test } from "vitest";
import { parseCron } from "./cron.ts";
import { planTicks } from "./plan.ts";
import { fireAt, readTiming } from "./timing.ts";
import type { ReadTiming } from "./timing.ts";

function nextOf(
  pattern: string,
  zone: string,
  [from, count]: readonly [string, number],
): readonly string[] {
  const parsed = parseCron(pattern, zone);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value.nextMany(Date.parse(from), count).map((at) => new Date(at).toISOString());
}

describe("times that daylight saving skips come once, when the clocks have moved", () => {
  test.each([
    [
      "30 2 * * *",
      "Europe/Berlin",
      "2026-03-28T12:00:00Z",
      ["2026-03-29T01:00", "2026-03-30T00:30"],
    ],
    [
      "0,30 2 * * *",
      "Europe/Berlin",
      "2026-03-28T12:00:00Z",
      ["2026-03-29T01:00", "2026-03-30T00:00"],
    ],
    [
      "0 2,3 * * *",
      "Europe/Berlin",
      "2026-03-28T12:00:00Z",
      ["2026-03-29T01:00", "2026-03-30T00:00"],
    ],
    [
      "30 2 * * *",
      "America/New_York",
      "2026-03-07T12:00:00Z",
      ["2026-03-08T07:00", "2026-03-09T06:30"],
    ],
    [
      "15 2 * * *",
      "Australia/Lord_Howe",
      "2026-10-03T00:00:00Z",
      ["2026-10-03T15:30", "2026-10-04T15:15"],
    ],
  ] as const)("%s in %s", (pattern, zone, from, times) => {
    expect(nextOf(pattern, zone, [from, 2])).toEqual(times.map((time) => `${time}:00.000Z`));
  });
});

describe("times that come twice are taken the first time only", () => {
  test.each([
    [
      "30 2 * * *",
      "Europe/Berlin",
      "2026-10-24T12:00:00Z",
      ["2026-10-25T00:30", "2026-10-26T01:30"],
    ],
    [
      "30 1 * * *",
      "America/New_York",
      "2026-10-31T12:00:00Z",
      ["2026-11-01T05:30", "2026-11-02T06:30"],
    ],
    [
      "45 1 * * *",
      "Australia/Lord_Howe",
      "2026-04-03T20:00:00Z",
      ["2026-04-04T14:45", "2026-04-05T15:15"],
    ],
  ] as const)("%s in %s", (pattern, zone, from, times) => {
    expect(nextOf(pattern, zone, [from, 2])).toEqual(times.map((time) => `${time}:00.000Z`));
  });
});

describe("patterns that go by the time that passes", () => {
  test("go through both passes of an hour that comes twice", () => {
    const hours = nextOf("0 * * * *", "Europe/Berlin", ["2026-10-24T23:30:00Z", 4]);
    expect(hours.map((at) => at.slice(11, 16))).toEqual(["00:00", "01:00", "02:00", "03:00"]);
  });

  test("do not come within the gap", () => {
    const halves = nextOf("*/30 * * * *", "Europe/Berlin", ["2026-03-29T00:15:00Z", 3]);
    expect(halves.map((at) => at.slice(11, 16))).toEqual(["00:30", "01:00", "01:30"]);
  });
});

describe("patterns", () => {
  test.each([
    ["*/10 * * * * *", ["12:00:10", "12:00:20"]],
    ["5 4 * * 7", ["04:05:00", "04:05:00"]],
    ["0 0 29 2 *", ["00:00:00", "00:00:00"]],
    ["@hourly", ["13:00:00", "14:00:00"]],
  ])("%s is understood", (pattern, times) => {
    const next = nextOf(pattern, "UTC", ["2026-03-07T12:00:00Z", 2]);
    expect(next.map((at) => at.slice(11, 19))).toEqual(times);
  });

  test("either day is enough where both are restricted", () => {
    const days = nextOf("0 0 13 * 5", "UTC", ["2026-03-01T00:00:00Z", 3]);
    expect(days.map((at) => at.slice(0, 10))).toEqual(["2026-03-06", "2026-03-13", "2026-03-20"]);
  });

  test.each([
    ["0 0 30 2 *", "UTC", "it never comes"],
    ["0 0 31 2,4,6,9,11 *", "UTC", "it never comes"],
    ["? * * * *", "UTC", "no fixed meaning"],
    ["@reboot", "UTC", "not supported"],
    ["* * * *", "UTC", "exactly five"],
    ["0 0 * * * * 2027", "UTC", "5 or 6 parts"],
    ["61 * * * *", "UTC", "61"],
    ["* * * * *", "Mars/Base", "no time zone"],
    ["* ".repeat(300), "UTC", "longer"],
    ["'; drop table", "UTC", "parts"],
  ])("%s in %s is refused", (pattern, zone, reason) => {
    const parsed = parseCron(pattern, zone);
    expect(parsed.ok ? "" : parsed.reason).toContain(reason);
  });
});

describe("a plan", () => {
  const at = (time: string): number => Date.parse(`2026-05-01T${time}Z`);
  const timing = (given: Partial<Parameters<typeof readTiming>[0]>): ReadTiming => {
    const read = readTiming({ cron: "0 * * * *", ...given });
    if ("mistakes" in read) throw new Error(JSON.stringify(read.mistakes));
    return read.timing;
  };
  const plan = (
    given: Partial<Parameters<typeof readTiming>[0]>,
    [next, now]: [string, string],
  ): unknown => {
    const found = planTicks({ id: "s", nextAt: at(next), timing: timing(given) }, at(now));
    const text = (time: number | undefined): string | undefined =>
      time === undefined ? undefined : new Date(time).toISOString().slice(11, 19);
    return (
      found && {
        runs: found.runs.map(text),
        missed: found.missed?.count ?? 0,
        next: text(found.nextAt),
      }
    );
  };

  test("is none before its time", () => {
    expect(plan({}, ["13:00:00", "12:59:59"])).toBeUndefined();
  });

  test("runs a tick that came on time whatever the window is", () => {
    expect(plan({ catchUp: "0s" }, ["13:00:00", "13:00:09"])).toEqual({
      runs: ["13:00:00"],
      missed: 0,
      next: "14:00:00",
    });
  });

  test("makes up the newest late ticks of the window, and misses the others", () => {
    const window = { window: "3h", max: 2 };
    expect(plan({ catchUp: window }, ["01:00:00", "10:30:00"])).toEqual({
      runs: ["09:00:00", "10:00:00"],
      missed: 8,
      next: "11:00:00",
    });
    expect(plan({ catchUp: "10m" }, ["01:00:00", "10:30:00"])).toEqual({
      runs: [],
      missed: 10,
      next: "11:00:00",
    });
  });

  test("counts as many missed ticks as it is worth, and goes on from now", () => {
    const found = planTicks(
      { id: "s", nextAt: at("00:00:00"), timing: timing({ cron: "* * * * * *", catchUp: "0s" }) },
      at("23:00:00"),
    );
    expect(found?.missed).toMatchObject({ isMore: true, to: at("22:59:49") });
    expect(found?.runs).toHaveLength(11);
    expect(found?.nextAt).toBe(at("23:00:01"));
  });

  test("lets a tick begin within its jitter, everywhere at the same time", () => {
    const given = { id: "s", jitterMs: 600_000 };
    const times = Array.from({ length: 50 }, (_, hour) =>
      fireAt(given, at("00:00:00") + hour * 3_600_000),
    );
    const waits = times.map((time, hour) => time - at("00:00:00") - hour * 3_600_000);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...waits)).toBeLessThan(600_000);
    expect(new Set(waits).size).toBeGreaterThan(40);
    expect(fireAt(given, at("07:00:00"))).toBe(fireAt(given, at("07:00:00")));
  });

  test("does not run a tick before the jitter of an earlier one has passed", () => {
    const read = timing({ cron: "* * * * *", jitter: "10m", catchUp: { window: "1h", max: 100 } });
    let nextAt = at("10:00:00");
    const seen: number[] = [];
    for (let now = nextAt; now < at("11:00:00"); now += 30_000) {
      const found = planTicks({ id: "s", nextAt, timing: read }, now);
      if (found === undefined) continue;
      seen.push(...found.runs);
      expect(found.missed).toBeUndefined();
      nextAt = found.nextAt ?? 0;
    }
    expect(seen).toEqual(seen.map((_, index) => at("10:00:00") + index * 60_000));
  });
});
