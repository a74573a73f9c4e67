import { Buffer } from "node:buffer";
import type { ParsedHead } from "./reply-head.ts";
import { parseReplyHead, parseTrailers } from "./reply-head.ts";

/** Who is told what the parser finds. */
export interface ReplySink {
  /** `body` is the whole body when it came with the head; `complete` follows at once. */
  onHead(head: ParsedHead, body: Buffer | undefined): void;
  onInterim(head: ParsedHead): void;
  onChunk(chunk: Buffer): void;
  /** 101, where it was asked for: `rest` and all that follows is of another protocol. */
  onSwitched(head: ParsedHead, rest: Buffer): void;
  /** `isExact` is false when bytes followed the end, or only the end of the connection told it. */
  onComplete(trailers: readonly string[], isExact: boolean): void;
  onMalformed(detail: string): void;
}

const HEAD_BYTES_MAX = 65_536;
const CHUNK_LINE_BYTES_MAX = 4_096;
const INTERIM_MAX = 16;
const CHUNK_LINE = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const END_OF_HEAD = Buffer.from("\r\n\r\n");
const NO_TRAILERS: readonly string[] = [];

type State = "idle" | "head" | "length" | "untilClose" | "size" | "data" | "dataEnd" | "trailers";

/**
 * Finds replies in the bytes of one upstream connection, strictly (RFC 9112 §6, §7). One reply at a time: `begin` says
 * that a request was sent; bytes that come while none is awaited are the caller's business.
 */
export class ReplyParser {
  readonly #sink: ReplySink;
  #state: State = "idle";
  #isHeadMethod = false;
  #maySwitch = false;
  #left = 0;
  #interims = 0;
  /** Bytes of an incomplete head, chunk line or trailer part. */
  #pending: Buffer | undefined;

  constructor(sink: ReplySink) {
    this.#sink = sink;
  }

  /** True between `begin` and the end of the reply. */
  get isBusy(): boolean {
    return this.#state !== "idle";
  }

  /** `maySwitch`: the request asked for another protocol. */
  begin(isHeadMethod: boolean, maySwitch = false): void {
    this.#state = "head";
    this.#isHeadMethod = isHeadMethod;
    this.#maySwitch = maySwitch;
    this.#interims = 0;
    this.#pending = undefined;
  }

  /** Forgets the reply under way. */
  stop(): void {
    this.#state = "idle";
    this.#pending = undefined;
  }

  /** Takes the next bytes. The sink may stop the parser from within any call. */
  feed(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#state === "idle") return;
      rest = this.#step(rest);
    }
  }

  /** The upstream closed its side: right for a body that nothing else ends, a lie otherwise. */
  end(): "complete" | "cut" | "idle" {
    if (this.#state === "idle") return "idle";
    if (this.#state !== "untilClose") return "cut";
    this.#complete(NO_TRAILERS, false);
    return "complete";
  }

  #step(bytes: Buffer): Buffer {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes);
      case "length":
      case "data":
        return this.#readCounted(bytes);
      case "untilClose":
        this.#sink.onChunk(bytes);
        return bytes.subarray(bytes.length);
      case "size":
        return this.#readSize(bytes);
      case "dataEnd":
        return this.#readDataEnd(bytes);
      case "trailers":
        return this.#readTrailers(bytes);
      case "idle":
        return bytes;
    }
  }

  #readHead(bytes: Buffer): Buffer {
    const whole = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
    const end = whole.indexOf(END_OF_HEAD);
    if (end < 0 || end > HEAD_BYTES_MAX) {
      if (whole.length > HEAD_BYTES_MAX) return this.#malformed("a head of more than 64 kB");
      return this.#keep(whole);
    }
    this.#pending = undefined;
    const head = parseReplyHead(whole.toString("latin1", 0, end));
    if (typeof head === "string") return this.#malformed(head);
    return this.#takeHead(head, whole.subarray(end + END_OF_HEAD.length));
  }

  #takeHead(head: ParsedHead, rest: Buffer): Buffer {
    const { status, contentLength } = head;
    if (status < 200) {
      this.#interims += 1;
      if (status === 101) return this.#switch(head, rest);
      if (this.#interims > INTERIM_MAX) return this.#malformed("too many informational replies");
      this.#sink.onInterim(head);
      return rest;
    }
    const isBodiless = this.#isHeadMethod || status === 204 || status === 304;
    if (isBodiless || contentLength === 0) {
      this.#sink.onHead(head, NOTHING);
      if (this.isBusy) this.#completeAt(rest, 0);
      return NOTHING;
    }
    if (!head.isChunked && contentLength > 0 && rest.length >= contentLength) {
      this.#sink.onHead(head, rest.subarray(0, contentLength));
      if (this.isBusy) this.#completeAt(rest, contentLength);
      return NOTHING;
    }
    this.#left = contentLength;
    this.#state = head.isChunked ? "size" : contentLength > 0 ? "length" : "untilClose";
    this.#sink.onHead(head, undefined);
    return rest;
  }

  #switch(head: ParsedHead, rest: Buffer): Buffer {
    if (!this.#maySwitch) return this.#malformed("101 without an upgrade");
    this.stop();
    this.#sink.onSwitched(head, rest);
    return NOTHING;
  }

  #readCounted(bytes: Buffer): Buffer {
    const isChunked = this.#state === "data";
    if (bytes.length < this.#left) {
      this.#left -= bytes.length;
      this.#sink.onChunk(bytes);
      return NOTHING;
    }
    const taken = this.#left;
    this.#left = 0;
    if (isChunked) this.#state = "dataEnd";
    this.#sink.onChunk(taken === bytes.length ? bytes : bytes.subarray(0, taken));
    if (isChunked) return bytes.subarray(taken);
    if (this.#state !== "idle") this.#completeAt(bytes, taken);
    return NOTHING;
  }

  #readSize(bytes: Buffer): Buffer {
    const whole = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
    const end = whole.indexOf("\r\n");
    if (end < 0 || end > CHUNK_LINE_BYTES_MAX) {
      if (whole.length > CHUNK_LINE_BYTES_MAX) return this.#malformed("an endless chunk line");
      return this.#keep(whole);
    }
    this.#pending = undefined;
    const size = CHUNK_LINE.exec(whole.toString("latin1", 0, end))?.[1];
    if (size === undefined) return this.#malformed("a chunk size that is not a hexadecimal number");
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
    return whole.subarray(end + 2);
  }

  #readDataEnd(bytes: Buffer): Buffer {
    const whole = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
    if (whole.length < 2) return this.#keep(whole);
    this.#pending = undefined;
    if (whole[0] !== 13 || whole[1] !== 10) return this.#malformed("bytes between two chunks");
    this.#state = "size";
    return whole.subarray(2);
  }

  #readTrailers(bytes: Buffer): Buffer {
    const whole = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
    if (whole.length >= 2 && whole[0] === 13 && whole[1] === 10) {
      this.#completeAt(whole, 2);
      return NOTHING;
    }
    const end = whole.indexOf(END_OF_HEAD);
    if (end < 0 || end > HEAD_BYTES_MAX) {
      if (whole.length > HEAD_BYTES_MAX) return this.#malformed("trailers of more than 64 kB");
      return this.#keep(whole);
    }
    const trailers = parseTrailers(whole.toString("latin1", 0, end));
    if (trailers === undefined) return this.#malformed("a malformed trailer");
    this.#complete(trailers, whole.length === end + END_OF_HEAD.length);
    return NOTHING;
  }

  #completeAt(bytes: Buffer, end: number): void {
    this.#complete(NO_TRAILERS, bytes.length === end);
  }

  #complete(trailers: readonly string[], isExact: boolean): void {
    this.stop();
    this.#sink.onComplete(trailers, isExact);
  }

  #malformed(detail: string): Buffer {
    this.stop();
    this.#sink.onMalformed(detail);
    return NOTHING;
  }

  /** The bytes are only lent: what is kept is copied. */
  #keep(bytes: Buffer): Buffer {
    this.#pending = Buffer.from(bytes);
    return NOTHING;
  }
}

const NOTHING = Buffer.alloc(0);
