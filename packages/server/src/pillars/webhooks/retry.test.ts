import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge, nextWaitMs, waitsOf } from "./retry.ts";
import type { Verdict } from "./retry.ts";
import { DEFAULT_WAITS_MS } from "./settings.ts";

const NOW = Date.parse("2026-01-02T03:04:05Z");
const ladder = { waitsMs: DEFAULT_WAITS_MS, jitter: 0.2 };
const failed = (ladder: "long" | "short"): Extract<Verdict, { kind: "failed" }> => ({
  kind: "failed",
  error: "x",
  ladder,
});
const fill =
  (byte: number) =>
  (bytes: Uint8Array): void =>
    void bytes.fill(byte);

describe("judge", () => {
  it.each([200, 201, 204, 299])("takes %i as delivered", (status) => {
    expect(judge({ status, headers: {} }, NOW)).toEqual({ kind: "delivered" });
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 599])("tries the whole ladder after %i", (status) => {
    expect(judge({ status, headers: {} }, NOW)).toMatchObject({ kind: "failed", ladder: "long" });
  });

  it.each([300, 301, 302, 307, 308, 400, 401, 404, 422])("tries a few times after %i", (status) => {
    expect(judge({ status, headers: {} }, NOW)).toMatchObject({ kind: "failed", ladder: "short" });
  });

  it("takes 410 as the wish for no more", () => {
    expect(judge({ status: 410, headers: {} }, NOW)).toMatchObject({ kind: "gone" });
  });

  it("says of a redirect where it leads and what to do", () => {
    const verdict = judge({ status: 301, headers: { location: "https://new.example/" } }, NOW);
    expect(verdict).toMatchObject({
      error:
        "The receiver answered 301, a redirect to https://new.example/; redirects are not followed: change the webhook's URL",
    });
  });

  it.each([
    ["120", 120_000],
    ["0", 1_000],
    ["999999999", 86_400_000],
    ["Fri, 02 Jan 2026 03:05:05 GMT", 60_000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 1_000],
  ])("waits as Retry-After: %s asks, held between 1 s and 24 h", (header, waitMs) => {
    const verdict = judge({ status: 503, headers: { "retry-after": header } }, NOW);
    expect(verdict).toMatchObject({ retryAfterMs: waitMs });
  });

  it.each(["soon", "-5", "1.5e99x"])("overlooks a Retry-After that is neither: %s", (header) => {
    const verdict = judge({ status: 503, headers: { "retry-after": header } }, NOW);
    expect(verdict).not.toHaveProperty("retryAfterMs");
  });
});

describe("nextWaitMs", () => {
  it("climbs the ladder within ± 20 % and ends after the tenth try", () => {
    for (let tries = 1; tries <= 9; tries += 1) {
      const step = DEFAULT_WAITS_MS[tries - 1] ?? 0;
      const at = (byte: number): number | undefined =>
        nextWaitMs(failed("long"), { tries, ...ladder, fillRandom: fill(byte) });
      expect(at(0)).toBe(step * 0.8);
      expect(at(255)).toBe(step * 1.2);
    }
    expect(
      nextWaitMs(failed("long"), { tries: 10, ...ladder, fillRandom: fill(0) }),
    ).toBeUndefined();
  });

  it("ends the short ladder after the fourth try", () => {
    const after = (tries: number): number | undefined =>
      nextWaitMs(failed("short"), { tries, ...ladder, fillRandom: fill(0) });
    expect(after(3)).toBeDefined();
    expect(after(4)).toBeUndefined();
  });

  it("waits as long as the receiver asked, but makes no more tries for it", () => {
    const verdict = { ...failed("long"), retryAfterMs: 7_000 };
    expect(nextWaitMs(verdict, { tries: 1, ...ladder, fillRandom: fill(9) })).toBe(7_000);
    expect(nextWaitMs(verdict, { tries: 10, ...ladder, fillRandom: fill(9) })).toBeUndefined();
  });

  it("outlasts an outage of days although every answer asks to come back in a second", () => {
    const hasty = { ...failed("long"), retryAfterMs: 1_000 };
    const patient = { ...failed("long"), retryAfterMs: 23 * 3_600_000 };
    const waits = (verdict: typeof hasty): number[] =>
      DEFAULT_WAITS_MS.map(
        (_, index) =>
          nextWaitMs(verdict, { tries: index + 1, ...ladder, fillRandom: fill(128) }) ?? -1,
      );
    expect(waits(hasty).slice(0, 3)).toEqual([1_000, 1_000, 1_000]);
    const total = waits(hasty).reduce((sum, wait) => sum + wait, 0);
    expect(total).toBeGreaterThan(72 * 3_600_000);
    expect(Math.min(...waits(patient))).toBe(23 * 3_600_000);
  });
});

describe("waitsOf", () => {
  const settings = { retryWaitsMs: [7, 8] };

  it("is the server's schedule where the webhook has no policy", () => {
    expect(waitsOf(null, settings)).toEqual([7, 8]);
  });

  it("doubles from backoffMs, as often as maxRetries says", () => {
    expect(waitsOf({ maxRetries: 3, backoffMs: 1_000 }, settings)).toEqual([1_000, 2_000, 4_000]);
    expect(waitsOf({ maxRetries: 0, backoffMs: 1_000 }, settings)).toEqual([]);
  });

  it("never waits longer than a week", () => {
    const waits = waitsOf({ maxRetries: 50, backoffMs: 86_400_000 }, settings);
    expect(Math.max(...waits)).toBe(7 * 86_400_000);
  });

  it("is the schedule given", () => {
    expect(waitsOf({ schedule: [1, 60_000] }, settings)).toEqual([1, 60_000]);
  });

  it("spends exactly the tries of any policy, each wait within ± 20 % of its step (property)", () => {
    const policy = fc.oneof(
      fc.record({ maxRetries: fc.nat(50), backoffMs: fc.integer({ min: 100, max: 86_400_000 }) }),
      fc.record({ schedule: fc.array(fc.nat(7 * 86_400_000), { maxLength: 50 }) }),
    );
    fc.assert(
      fc.property(policy, fc.nat(255), (retryPolicy, byte) => {
        const waitsMs = waitsOf(retryPolicy, settings);
        for (const [index, step] of waitsMs.entries()) {
          const given = { tries: index + 1, waitsMs, jitter: 0.2, fillRandom: fill(byte) };
          const wait = nextWaitMs(failed("long"), given) ?? -1;
          expect(Math.abs(wait - step)).toBeLessThanOrEqual(step * 0.2 + 1);
        }
        const last = { tries: waitsMs.length + 1, waitsMs, jitter: 0.2, fillRandom: fill(byte) };
        expect(nextWaitMs(failed("long"), last)).toBeUndefined();
      }),
    );
  });
});
