import fc from "fast-check";
import { expect, it } from "vitest";
import { FrameBoundary } from "./frame-boundary.ts";

const LENGTHS = [0, 1, 125, 126, 127, 255, 256, 65_535, 65_536, 70_000];

/** A frame as RFC 6455 §5.2 writes it. */
function frame(length: number, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const key = Buffer.alloc(isMasked ? 4 : 0, 0x7f);
  const head =
    length < 126
      ? Buffer.from([0x82, mask | length])
      : length < 65_536
        ? Buffer.from([0x82, mask | 126, length >> 8, length & 0xff])
        : Buffer.from([
            0x82,
            mask | 127,
            0,
            0,
            0,
            0,
            0,
            length >> 16,
            (length >> 8) & 0xff,
            length & 0xff,
          ]);
  return Buffer.concat([head, key, Buffer.alloc(length, 0xff)]);
}

it("knows where frames end, however they are cut into pieces", () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(...LENGTHS), fc.boolean()), { maxLength: 4 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 9 })), (given, cuts) => {
      const boundary = new FrameBoundary();
      for (const [length, isMasked] of given) {
        let rest = frame(length, isMasked);
        for (const cut of cuts) {
          if (rest.length <= cut) break;
          boundary.take(rest.subarray(0, cut));
          expect(boundary.isBetweenFrames).toBe(false);
          rest = rest.subarray(cut);
        }
        boundary.take(rest);
        expect(boundary.isBetweenFrames).toBe(true);
      }
    }),
    { seed: 6_455, numRuns: 200 },
  );
});
