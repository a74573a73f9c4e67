import { describe, expect, it } from "vitest";
import type { TimelineEntry } from "portico/kernel";
import { arrange } from "./thread.ts";

function entry(
  kind: string,
  id: string,
  more: { cause: string | null; at: number },
): TimelineEntry {
  return { kind, id, summary: kind, details: {}, ...more };
}

function shape(entries: readonly TimelineEntry[]): string[] {
  return arrange(entries).map(({ id, depth }) => `${"  ".repeat(depth)}${id}`);
}

describe("arrange", () => {
  it("puts each entry after its cause and siblings in the order of their time, however they come", () => {
    expect(
      shape([
        entry("attempt", "att_2", { cause: "dlv_1", at: 40 }),
        entry("delivery", "dlv_2", { cause: "evt_1", at: 21 }),
        entry("attempt", "att_1", { cause: "dlv_1", at: 30 }),
        entry("delivery", "dlv_1", { cause: "evt_1", at: 20 }),
        entry("event", "evt_1", { cause: "req_1", at: 10 }),
        entry("request", "req_1", { cause: null, at: 9 }),
      ]),
    ).toEqual(["req_1", "  evt_1", "    dlv_1", "      att_1", "      att_2", "    dlv_2"]);
  });

  it("shows a request that no log kept, once, at the time of its first effect", () => {
    const placed = arrange([
      entry("event", "evt_2", { cause: "req_1", at: 12 }),
      entry("event", "evt_1", { cause: "req_1", at: 11 }),
    ]);
    expect(placed.map(({ id, at, depth }) => ({ id, at, depth }))).toEqual([
      { id: "req_1", at: 11, depth: 0 },
      { id: "evt_1", at: 11, depth: 1 },
      { id: "evt_2", at: 12, depth: 1 },
    ]);
    expect(placed[0]?.details).toEqual({ isRecorded: false });
  });

  it("loses no entry, even when two are said to have caused each other or one itself", () => {
    const circle = [
      entry("run", "run_1", { cause: "run_2", at: 1 }),
      entry("run", "run_2", { cause: "run_1", at: 2 }),
      entry("run", "run_3", { cause: "run_3", at: 3 }),
    ];
    expect(
      arrange(circle)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(["run_1", "run_2", "run_3"]);
  });
});
