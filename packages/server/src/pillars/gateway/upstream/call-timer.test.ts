import { describe, expect, it } from "vitest";
import { CallTimer } from "./call-timer.ts";

const limits = {
  connectMs: 1_000,
  firstByteMs: 2_000,
  idleMs: 5_000,
  totalMs: 0,
  bodyBytesPerSecondMin: 240,
};

function connected(): CallTimer {
  const timer = new CallTimer();
  timer.start(0);
  timer.isConnecting = false;
  return timer;
}

/** Sends `bytes` every `everyMs`, looked at every 100 ms; answers when and how it was ended. */
function upload(bytes: number, everyMs: number, untilMs: number): string | undefined {
  const timer = connected();
  for (let now = 100; now <= untilMs; now += 100) {
    if (now % everyMs === 0) timer.sent(bytes, now);
    const failure = timer.overdue(now, limits, false);
    if (failure !== undefined) return `${failure.kind} at ${now}`;
  }
  timer.isSent = true;
  timer.movedAt = untilMs;
  return timer.overdue(untilMs + 1_999, limits, false)?.kind;
}

describe("the time limits of a call", () => {
  it("give the first byte its time from the end of the request, however long that took", () => {
    expect(upload(1_000, 1_000, 300_000)).toBeUndefined();
    const timer = connected();
    timer.isSent = true;
    timer.movedAt = 300_000;
    expect(timer.overdue(301_999, limits, false)).toBeUndefined();
    expect(timer.overdue(302_000, limits, false)?.kind).toBe("firstByteTimeout");
  });

  it("end a body that trickles in as its caller's fault, after its grace", () => {
    expect(upload(1, 1_000, 300_000)).toBe("callerTooSlow at 10000");
    expect(upload(265, 1_000, 300_000)).toBeUndefined();
    expect(upload(230, 1_000, 300_000)).toBe("callerTooSlow at 10000");
  });

  it("end a body that stops at the idle limit", () => {
    expect(upload(100_000, 6_000, 300_000)).toBe("callerTooSlow at 5000");
  });

  it("blame the upstream, not the caller, while it does not take the body", () => {
    const timer = connected();
    timer.sent(100, 100);
    for (let now = 200; now < 5_100; now += 100) {
      expect(timer.overdue(now, limits, true)).toBeUndefined();
    }
    expect(timer.overdue(5_100, limits, true)?.kind).toBe("idleTimeout");
  });

  it("do not count the time in which the upstream held the body up against its caller", () => {
    const timer = connected();
    for (let now = 100; now <= 60_000; now += 100) {
      if (now % 4_000 === 0) timer.sent(100, now);
      expect(timer.overdue(now, limits, now % 4_000 >= 500)).toBeUndefined();
    }
  });

  it("tell a reply that stops from a reply that is not read", () => {
    const timer = connected();
    timer.isSent = true;
    timer.hasReplied = true;
    expect(timer.overdue(5_000, limits, false)?.kind).toBe("idleTimeout");
    timer.isPaused = true;
    expect(timer.overdue(5_000, limits, false)?.kind).toBe("callerTooSlow");
  });

  it("let a stream of events be quiet for ever, but not unread", () => {
    const timer = connected();
    timer.isEndless = true;
    expect(timer.overdue(1e9, { ...limits, totalMs: 1 }, false)).toBeUndefined();
    timer.isPaused = true;
    expect(timer.overdue(1e9, limits, false)?.kind).toBe("callerTooSlow");
  });

  it("are none where they are 0", () => {
    const none = { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0, bodyBytesPerSecondMin: 0 };
    const timer = new CallTimer();
    timer.start(0);
    expect(timer.overdue(1e9, none, false)).toBeUndefined();
    timer.isConnecting = false;
    expect(timer.overdue(1e9, none, false)).toBeUndefined();
    timer.isSent = true;
    expect(timer.overdue(1e9, none, false)).toBeUndefined();
  });
});
