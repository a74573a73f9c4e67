import { expect, test } from "vitest";
import { createProgressBar } from "./progress.ts";

function screenOf(canRedraw: boolean) {
  const written: string[] = [];
  let now = 0;
  const screen = { write: (text: string) => void written.push(text), canRedraw, now: () => now };
  return { screen, written, pass: (ms: number) => void (now += ms) };
}

const half = { doing: "copying", done: 50_000_000, total: 100_000_000, unit: "bytes" };

test("a terminal is drawn one bar with rate and time left, at most ten times a second", () => {
  const { screen, written, pass } = screenOf(true);
  const bar = createProgressBar({ quiet: false }, screen);
  bar.report({ ...half, done: 0 });
  pass(2_000);
  for (let count = 0; count < 50; count += 1) bar.report(half);
  expect(written).toEqual([
    "\r\u001B[Kcopying ████████████░░░░░░░░░░░░ 50 %  50.0 MB of 100.0 MB  25.0 MB/s  2.0 s left",
  ]);
  bar.end();
  expect(written[1]).toBe("\r\u001B[Ktook 2.0 s\n");
});

test("what is no terminal gets a line every five seconds and no control characters", () => {
  const { screen, written, pass } = screenOf(false);
  const bar = createProgressBar({ quiet: false }, screen);
  for (let done = 0; done < 10; done += 1) {
    bar.report({ doing: "migrating", done, total: 10 });
    pass(2_000);
  }
  bar.end();
  expect(written).toEqual([
    "migrating ██░░░░░░░░░░░░░░░░░░░░░░ 10 %  1 of 10 steps  18.0 s left\n",
    "migrating █████████░░░░░░░░░░░░░░░ 40 %  4 of 10 steps  12.0 s left\n",
    "migrating ████████████████░░░░░░░░ 70 %  7 of 10 steps  6.0 s left\n",
    "took 20.0 s\n",
  ]);
  expect(written.join("")).not.toContain("\r");
  expect(written.join("")).not.toContain("\u001B");
});

test("quick work and --quiet say nothing", () => {
  for (const [quiet, ms] of [
    [false, 100],
    [true, 60_000],
  ] as const) {
    const { screen, written, pass } = screenOf(true);
    const bar = createProgressBar({ quiet }, screen);
    bar.report(half);
    pass(ms);
    bar.report(half);
    bar.end();
    expect(written).toEqual([]);
  }
});

test("work whose size nobody knows is counted", () => {
  const { screen, written, pass } = screenOf(true);
  const bar = createProgressBar({ quiet: false }, screen);
  pass(1_000);
  bar.report({ doing: "reading", done: 1_200, unit: "routes" });
  expect(written).toEqual(["\r\u001B[Kreading: 1200 routes"]);
});
