import fc from "fast-check";
import { expect, it } from "vitest";
import { Histogram, RELATIVE_ERROR } from "./histogram.ts";

const times = fc.array(fc.double({ min: 0, max: 2_000_000, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
});
const shares = fc.double({ min: 0, max: 1, noNaN: true });

function of(values: readonly number[]): Histogram {
  const made = new Histogram();
  for (const value of values) made.record(value);
  return made;
}

function exact(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? Number.NaN;
}

/** Half a microsecond of rounding besides the share. */
function expectNear(found: number | null, wanted: number): void {
  expect(Math.abs((found ?? Number.NaN) - wanted)).toBeLessThanOrEqual(
    wanted * RELATIVE_ERROR + 0.000_5 + 1e-9,
  );
}

it("answers every quantile within its stated error", () => {
  fc.assert(
    fc.property(times, shares, (values, share) => {
      expectNear(of(values).quantile(share), exact(values, share));
    }),
  );
});

it("loses nothing by merging, whatever was counted where", () => {
  fc.assert(
    fc.property(times, fc.array(times, { maxLength: 5 }), shares, (first, others, share) => {
      const merged = of(first);
      for (const other of others) merged.merge(of(other));
      const whole = of([...first, ...others.flat()]);
      expect(merged.total).toBe(whole.total);
      expect(merged.quantile(share)).toBe(whole.quantile(share));
      expect(merged.encode()).toStrictEqual(whole.encode());
    }),
  );
});

it("comes back whole from its bytes", () => {
  fc.assert(
    fc.property(times, (values) => {
      const written = of(values);
      const read = new Histogram();
      read.mergeEncoded(written.encode());
      expect(read.encode()).toStrictEqual(written.encode());
      expect(read.total).toBe(values.length);
    }),
  );
});

it("counts beyond 2^32 exactly, and takes what it cannot hold as its greatest", () => {
  const huge = new Histogram();
  huge.record(1);
  for (let doubling = 0; doubling < 40; doubling += 1) huge.merge(huge);
  const read = new Histogram();
  read.mergeEncoded(huge.encode());
  expect(read.total).toBe(2 ** 40);
  expect(of([9e12]).quantile(1)).toBeCloseTo(2_147_483, -5);
  expect(of([-5]).quantile(1)).toBe(0);
});

it("has no quantile of nothing, and reads bytes of another form as nothing", () => {
  expect(new Histogram().quantile(0.5)).toBeNull();
  const read = new Histogram();
  read.mergeEncoded(Uint8Array.of(9, 1, 1));
  expect(read.total).toBe(0);
  read.mergeEncoded(Uint8Array.of(1, 200));
  expect(read.total).toBe(0);
});
