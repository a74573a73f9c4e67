import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { recentEvents } from "./recent.ts";

function event(
  id: string,
  bytes: number,
): Parameters<ReturnType<typeof recentEvents>["remember"]>[0] {
  return {
    id,
    type: "a.b",
    at: 0,
    data: Buffer.alloc(bytes),
    contentType: "x/y",
    trace: "",
    subject: null,
    key: null,
    channels: [],
    cause: "",
    actor: "",
  };
}

describe("recentEvents", () => {
  it("forgets the oldest first and never holds more than its bytes", () => {
    const recent = recentEvents(3_000);
    for (const id of ["evt_1", "evt_2", "evt_3"]) recent.remember(event(id, 600));
    expect(["evt_1", "evt_2", "evt_3"].map((id) => recent.find(id)?.id)).toEqual([
      undefined,
      "evt_2",
      "evt_3",
    ]);
    recent.remember(event("evt_4", 10_000));
    expect(recent.find("evt_4")).toBeUndefined();
  });

  it("counts an event once, however often it is remembered", () => {
    const recent = recentEvents(2_300);
    recent.remember(event("evt_1", 600));
    for (let times = 0; times < 5; times += 1) recent.remember(event("evt_2", 600));
    expect(recent.find("evt_1")).toBeDefined();
  });
});
