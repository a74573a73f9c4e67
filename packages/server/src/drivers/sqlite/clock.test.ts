import { expect, it } from "vitest";
import { fakeClock } from "../../kernel/testing/index.ts";
import { openSqlite } from "./open.ts";

it("goes on from where it was when the wall clock is set back, and follows it when that is set ahead", async () => {
  const clock = fakeClock();
  const driver = await openSqlite({ file: ":memory:", clock });
  try {
    const first = await driver.now();
    clock.set(first - 7_200_000);
    expect(await driver.now()).toBe(first);
    await clock.advance(300);
    expect(await driver.now()).toBe(first + 300);
    clock.set(first + 7_200_000);
    expect(await driver.now()).toBe(first + 7_200_000);
  } finally {
    await driver.close();
  }
});
