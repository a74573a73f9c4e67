/**
 * Buckets of whole microseconds: exact below 64 µs, above it 32 buckets for each doubling. So a value lies within
 * 1/64 (1.6 %) of the middle of its bucket, up to 35 minutes; what took longer counts as 35 minutes.
 */
const FINE = 64;
const HALF = 32;
const MICROS_MAX = 2 ** 31 - 1;
const VERSION = 1;
/** The window grows by so many buckets at a time. */
const GRAIN = 32;

/** How far a quantile may lie from the value it stands for, as a share of it; besides, times are whole microseconds. */
export const RELATIVE_ERROR = 1 / 64;

function bucketOf(ms: number): number {
  const micros = Math.min(Math.max(Math.round(ms * 1_000), 0), MICROS_MAX);
  if (micros < FINE) return micros;
  const shift = 26 - Math.clz32(micros);
  return shift * HALF + (micros >>> shift);
}

function millisOf(bucket: number): number {
  if (bucket < FINE) return bucket / 1_000;
  const shift = Math.floor(bucket / HALF) - 1;
  const width = 2 ** shift;
  return (((bucket % HALF) + HALF) * width + (width - 1) / 2) / 1_000;
}

/**
 * Counts how long things took, in plain numbers: recording is two shifts and an addition. Merging two is adding their
 * buckets, so nothing is lost by it, in whatever order and grouping.
 */
export class Histogram {
  #first = 0;
  #buckets = new Float64Array(0);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  record(ms: number): void {
    this.#add(bucketOf(ms), 1);
  }

  /** Adds all that another has counted. */
  merge(other: Histogram): void {
    for (const [index, count] of other.#buckets.entries()) {
      if (count > 0) this.#add(other.#first + index, count);
    }
  }

  /** The value below which a share of all values lies, in ms; null where there are none. */
  quantile(share: number): number | null {
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (const [index, count] of this.#buckets.entries()) {
      seen += count;
      if (count > 0 && seen >= rank) return millisOf(this.#first + index);
    }
    return null;
  }

  /** Buckets that hold something, as variable-length numbers: distance from the one before, count. */
  encode(): Uint8Array {
    const bytes: number[] = [VERSION];
    let before = 0;
    for (const [index, count] of this.#buckets.entries()) {
      if (count === 0) continue;
      const bucket = this.#first + index;
      writeNumber(bytes, bucket - before);
      writeNumber(bytes, count);
      before = bucket;
    }
    return Uint8Array.from(bytes);
  }

  /** Adds what {@link encode} wrote. Bytes of another form add nothing. */
  mergeEncoded(bytes: Uint8Array): void {
    if (bytes[0] !== VERSION) return;
    let at = 1;
    let bucket = 0;
    while (at < bytes.length) {
      const step = readNumber(bytes, at);
      const count = readNumber(bytes, step.next);
      at = count.next;
      bucket += step.value;
      this.#add(bucket, count.value);
    }
  }

  #add(bucket: number, count: number): void {
    let index = bucket - this.#first;
    if (index < 0 || index >= this.#buckets.length) {
      this.#widen(bucket);
      index = bucket - this.#first;
    }
    this.#buckets[index] = (this.#buckets[index] ?? 0) + count;
    this.#total += count;
  }

  #widen(bucket: number): void {
    const isEmpty = this.#buckets.length === 0;
    const low = isEmpty ? bucket : Math.min(bucket, this.#first);
    const high = isEmpty ? bucket : Math.max(bucket, this.#first + this.#buckets.length - 1);
    const first = Math.floor(low / GRAIN) * GRAIN;
    const wider = new Float64Array(Math.floor(high / GRAIN) * GRAIN + GRAIN - first);
    if (!isEmpty) wider.set(this.#buckets, this.#first - first);
    this.#first = first;
    this.#buckets = wider;
  }
}

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

function readNumber(
  bytes: Uint8Array,
  from: number,
): { readonly value: number; readonly next: number } {
  let value = 0;
  let scale = 1;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    value += (byte % 128) * scale;
    if (byte < 128) return { value, next: at + 1 };
    scale *= 128;
  }
  return { value, next: bytes.length };
}
