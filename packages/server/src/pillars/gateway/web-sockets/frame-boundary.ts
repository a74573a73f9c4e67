import type { Buffer } from "node:buffer";

/**
 * Counts its way through the frames of a WebSocket (RFC 6455 §5.2), to know when one has ended: only there may a frame of our
 * own be put in. Nothing of a frame but its length is looked at.
 */
export class FrameBoundary {
  /** Bytes of the frame under way that are still to come. */
  #left = 0;
  /** The first bytes of a header that is not whole yet. */
  readonly #header: number[] = [];

  get isBetweenFrames(): boolean {
    return this.#left === 0 && this.#header.length === 0;
  }

  take(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      this.#header.push(bytes[at] ?? 0);
      at += 1;
      const length = lengthOf(this.#header);
      if (length === undefined) continue;
      this.#left = length;
      this.#header.length = 0;
    }
  }
}

/** Payload bytes after a whole header; undefined while it is not whole. */
function lengthOf(header: readonly number[]): number | undefined {
  const [, second] = header;
  if (second === undefined) return undefined;
  const short = second & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = (second & 0x80) === 0 ? 0 : 4;
  if (header.length < 2 + extra + mask) return undefined;
  if (extra === 0) return short;
  return header.slice(2, 2 + extra).reduce((total, byte) => total * 256 + byte, 0);
}
