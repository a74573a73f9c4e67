import { Buffer } from "node:buffer";
import type { Clock } from "portico/kernel";
import type { Call, ReplySink, ReplyStage } from "../call.ts";
import type { CacheStore } from "../cache/index.ts";
import { addToList, fieldOf, withoutFields } from "../fields.ts";
import type { ReplyHead } from "../upstream/index.ts";
import { negotiate } from "./negotiate.ts";
import { packer, packLater, packNow } from "./pack.ts";
import type { Packer } from "./pack.ts";
import type { Coding, CompressionRules } from "./rules.ts";

/** What packing works with. */
export interface CompressionParts {
  readonly rules: CompressionRules;
  readonly store: Pick<CacheStore, "keepPacked">;
  readonly after: Clock["after"];
}

/** Packs replies for callers that take it, and says in each that may be packed that it depends on them. */
export function compressionStage(parts: CompressionParts): ReplyStage {
  return { name: "compress", wrap: (call, next) => new PackedReply(parts, call, next) };
}

/** Up to here a body is packed at once; larger ones go to the thread pool. */
const AT_ONCE_BYTES_MAX = 8_192;
/** A stream that is quiet for this long is sent as far as it is. */
const QUIET_MS = 20;
const LENGTH: ReadonlySet<string> = new Set(["content-length", "content-md5", "accept-ranges"]);
/** Media types whose parts are each of use by themselves. */
const PARTS = /^(?:text\/event-stream|application\/(?:x-ndjson|ndjson|jsonl|json-seq))$/;

class PackedReply implements ReplySink {
  readonly #parts: CompressionParts;
  readonly #call: Call;
  readonly #next: ReplySink;
  #packer: Packer | undefined;
  #sendsParts = false;
  #cancelFlush: (() => void) | undefined;
  #trailers: readonly string[] = [];

  constructor(parts: CompressionParts, call: Call, next: ReplySink) {
    this.#parts = parts;
    this.#call = call;
    this.#next = next;
  }

  head(head: ReplyHead): void {
    const coding = this.#codingFor(head, head.contentLength);
    if (coding === undefined || this.#isHead()) {
      this.#next.head(coding === undefined ? head : packedHead(head, coding));
      return;
    }
    this.#sendsParts = PARTS.test(mediaTypeOf(head));
    this.#packer = packer(coding);
    this.#connect(this.#packer);
    this.#next.head(packedHead(head, coding));
  }

  chunk(bytes: Buffer): boolean {
    if (this.#packer === undefined) return this.#next.chunk(bytes);
    const packing = this.#packer;
    const hasRoom = packing.stream.write(Buffer.from(bytes));
    this.#cancelFlush?.();
    if (this.#sendsParts) packing.flush();
    else this.#cancelFlush = this.#parts.after(QUIET_MS, () => packing.flush());
    return hasRoom;
  }

  end(trailers: readonly string[]): void {
    if (this.#packer === undefined) {
      this.#next.end(trailers);
      return;
    }
    this.#cancelFlush?.();
    this.#trailers = trailers;
    this.#packer.stream.end();
  }

  whole(head: ReplyHead, body: Buffer): void {
    const served = this.#call.cache?.served;
    const coding = this.#codingFor(head, this.#isHead() ? head.contentLength : body.length);
    if (coding === undefined) {
      this.#next.whole(head, body);
    } else if (this.#isHead()) {
      this.#next.whole(packedHead(head, coding), body);
    } else {
      const packed = served?.packed.get(coding);
      if (packed !== undefined) this.#send({ head, body, coding }, packed);
      else if (body.length <= AT_ONCE_BYTES_MAX) {
        this.#finish({ head, body, coding }, packNow(coding, body));
      } else this.#packLater({ head, body, coding });
    }
  }

  #packLater({ head, body, coding }: Whole): void {
    // What a stored reply holds stays; other bytes are only lent.
    const own = this.#call.cache?.served?.body === body ? body : Buffer.from(body);
    packLater(coding, own).then(
      (packed) => this.#finish({ head, body: own, coding }, packed),
      // Not for lack of anything but memory: then it goes as it is.
      () => this.#next.whole(head, own),
    );
  }

  #finish(whole: Whole, packed: Buffer): void {
    const served = this.#call.cache?.served;
    if (served?.body === whole.body) this.#parts.store.keepPacked(served, whole.coding, packed);
    this.#send(whole, packed);
  }

  #send({ head, body, coding }: Whole, packed: Buffer): void {
    if (packed.length >= body.length) {
      this.#next.whole(head, body);
      return;
    }
    const own = packedHead(head, coding);
    own.headers.push("Content-Length", String(packed.length));
    this.#next.whole({ ...own, contentLength: packed.length }, packed);
  }

  /** Ties the packing stream to both sides, each at the pace of the slower. */
  #connect({ stream }: Packer): void {
    const call = this.#call;
    const resumeUpstream = call.resume;
    call.resume = () => void stream.resume();
    stream.on("data", (bytes: Buffer) => {
      if (!this.#next.chunk(bytes)) stream.pause();
    });
    stream.on("drain", () => resumeUpstream?.());
    stream.on("end", () => this.#next.end(this.#trailers));
    stream.on("error", () => call.front.response.destroy());
    call.front.response.once("close", () => {
      this.#cancelFlush?.();
      stream.destroy();
    });
  }

  /** The coding of a reply; undefined where it goes as it is. `length` is -1 where it is not known. */
  #codingFor(head: ReplyHead, length: number): Coding | undefined {
    const { rules } = this.#parts;
    const accepted = this.#call.front.request.headers["accept-encoding"];
    if (head.status === 304) {
      // The 200 that the caller has was packed, so its tag was weak.
      if (negotiate(accepted, rules.codings) !== undefined) weaken(head.headers);
      return undefined;
    }
    if (!isPackable(head, rules) || (length >= 0 && length < rules.bytesMin)) return undefined;
    addToList(head.headers, "Vary", ["Accept-Encoding"]);
    return negotiate(accepted, rules.codings);
  }

  #isHead(): boolean {
    return this.#call.front.request.method === "HEAD";
  }
}

interface Whole {
  readonly head: ReplyHead;
  readonly body: Buffer;
  readonly coding: Coding;
}

function mediaTypeOf({ headers }: ReplyHead): string {
  const [type = ""] = (fieldOf(headers, "content-type") ?? "").split(";");
  return type.trim().toLowerCase();
}

/** Parts, bodies packed already and replies that forbid it (RFC 9110 §7.7) go as they are. */
function isPackable(head: ReplyHead, rules: CompressionRules): boolean {
  const { status, headers } = head;
  if (status < 200 || status === 204 || status === 205 || status === 206) return false;
  if (fieldOf(headers, "content-encoding") !== undefined) return false;
  if (fieldOf(headers, "content-range") !== undefined) return false;
  if (/(?:^|[,\s])no-transform(?:$|[,\s])/i.test(fieldOf(headers, "cache-control") ?? "")) {
    return false;
  }
  return rules.isPacked(mediaTypeOf(head));
}

function packedHead(head: ReplyHead, coding: Coding): ReplyHead {
  const headers = withoutFields(head.headers, LENGTH);
  weaken(headers);
  headers.push("Content-Encoding", coding);
  return { ...head, headers, contentLength: -1 };
}

/** Other bytes under the same tag: only equal in meaning, no longer byte for byte (RFC 9110 §8.8.3.3). */
function weaken(headers: string[]): void {
  for (let index = 0; index < headers.length; index += 2) {
    const value = headers[index + 1] ?? "";
    if (headers[index]?.toLowerCase() === "etag" && value.startsWith('"')) {
      headers[index + 1] = `W/${value}`;
    }
  }
}
