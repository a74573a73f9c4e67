import { Buffer } from "node:buffer";

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);
const POOL_BYTES = 4_096;

/** Trace id of a W3C `traceparent` (Trace Context §3.2), or undefined when it is not one. */
export function readTraceparent(header: string | undefined): string | undefined {
  const match = header === undefined ? null : TRACEPARENT.exec(header);
  if (match === null || match[1] === NO_TRACE || match[2] === NO_SPAN) return undefined;
  return match[1];
}

/** Makes trace ids (16 bytes) and span ids (8 bytes) as lower-case hex. */
export type MakeHex = (bytes: number) => string;

/** Draws from a pool, since one call of the generator for each request costs more than the rest of the ids. */
export function hexMaker(fill: (bytes: Uint8Array) => void): MakeHex {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (bytes) => {
    if (used + bytes > POOL_BYTES) {
      fill(pool);
      used = 0;
    }
    used += bytes;
    return pool.toString("hex", used - bytes, used);
  };
}
