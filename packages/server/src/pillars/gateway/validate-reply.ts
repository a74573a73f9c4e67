import { Buffer } from "node:buffer";
import type { ProblemPlace } from "portico/kernel";
import type { Call, ReplySink, ReplyStage } from "./call.ts";
import { raise } from "./errors.ts";
import { note } from "./notes.ts";
import { checkReply, decode, lookAtReply } from "./openapi/index.ts";
import type { BodyEntry, ReplyChecking } from "./openapi/index.ts";
import { refuseCall } from "./refuse.ts";
import type { RefusalParts } from "./refuse.ts";
import type { ReplyHead } from "./upstream/index.ts";

const PLACES_NOTED = 5;

/** What the stage tells to whom. */
export interface ValidateStageParts extends RefusalParts {
  /** A reply did not fit its document. */
  readonly replyInvalid: (call: Call, places: readonly ProblemPlace[]) => void;
}

/**
 * Checks replies against their operation. Reported replies stream on while a copy is kept; enforced ones wait until they have
 * been judged. Only JSON up to the bound is looked into.
 */
export function validateStage(parts: ValidateStageParts, checking: ReplyChecking): ReplyStage {
  return {
    name: "validate",
    wrap: (call, next) =>
      call.front.request.method === "HEAD"
        ? next
        : new CheckedReply({ parts, checking, call, next }),
  };
}

interface CheckedReplyOptions {
  readonly parts: ValidateStageParts;
  readonly checking: ReplyChecking;
  readonly call: Call;
  readonly next: ReplySink;
}

interface Kept {
  readonly head: ReplyHead;
  readonly entry: BodyEntry;
  readonly chunks: Buffer[];
  bytes: number;
}

class CheckedReply implements ReplySink {
  readonly #parts: ValidateStageParts;
  readonly #checking: ReplyChecking;
  readonly #call: Call;
  readonly #next: ReplySink;
  /** Undefined when nothing of the body is looked at. */
  #kept: Kept | undefined;
  #isRefused = false;

  constructor({ parts, checking, call, next }: CheckedReplyOptions) {
    this.#parts = parts;
    this.#checking = checking;
    this.#call = call;
    this.#next = next;
  }

  head(head: ReplyHead): void {
    const entry = this.#entryOf(head);
    if (this.#isRefused) return;
    if (entry !== undefined) {
      this.#kept = { head: copyOf(head), entry, chunks: [], bytes: 0 };
      if (this.#checking.isEnforced) return;
    }
    this.#next.head(head);
  }

  chunk(bytes: Buffer): boolean {
    if (this.#isRefused) return true;
    const kept = this.#kept;
    if (kept === undefined) return this.#next.chunk(bytes);
    const { isEnforced, bytesMax } = this.#checking;
    kept.bytes += bytes.length;
    if (kept.bytes > bytesMax) return this.#giveUp(kept, bytes);
    kept.chunks.push(Buffer.from(bytes));
    return isEnforced ? true : this.#next.chunk(bytes);
  }

  /** Too large to be held: what was kept goes on, and the rest streams. */
  #giveUp(kept: Kept, bytes: Buffer): boolean {
    this.#kept = undefined;
    this.#unchecked("larger than validateBodyBytesMax");
    if (!this.#checking.isEnforced) return this.#next.chunk(bytes);
    this.#next.head(kept.head);
    for (const chunk of kept.chunks) this.#next.chunk(chunk);
    return this.#next.chunk(bytes);
  }

  end(trailers: readonly string[]): void {
    if (this.#isRefused) return;
    const kept = this.#kept;
    if (kept === undefined) {
      this.#next.end(trailers);
      return;
    }
    const body = Buffer.concat(kept.chunks, kept.bytes);
    const isGood = this.#isGood(kept.head, kept.entry, body);
    if (!this.#checking.isEnforced) this.#next.end(trailers);
    else if (isGood) this.#next.whole(kept.head, body);
  }

  whole(head: ReplyHead, body: Buffer): void {
    const entry = this.#entryOf(head);
    if (this.#isRefused) return;
    if (entry !== undefined && body.length > this.#checking.bytesMax) {
      this.#unchecked("larger than validateBodyBytesMax");
    } else if (entry !== undefined && !this.#isGood(head, entry, body)) {
      if (this.#checking.isEnforced) return;
    }
    this.#next.whole(head, body);
  }

  /** The entry by which the body is judged; undefined when it is not, or when the head was judged already. */
  #entryOf(head: ReplyHead): BodyEntry | undefined {
    const contentType = fieldOf(head, "content-type");
    const look = lookAtReply(this.#checking.rules, { status: head.status, contentType });
    if (look.kind === "wrong") this.#tell([look.place]);
    return look.kind === "body" ? look.entry : undefined;
  }

  #isGood(head: ReplyHead, entry: BodyEntry, body: Buffer): boolean {
    const decoded = decode(body, fieldOf(head, "content-encoding"), this.#checking.bytesMax);
    if (!("bytes" in decoded)) {
      this.#unchecked(`content coding: ${decoded.fault}`);
      return true;
    }
    const places = checkReply(this.#checking, entry, decoded.bytes);
    if (places.length > 0) this.#tell(places);
    return places.length === 0;
  }

  #unchecked(reply: string): void {
    note(this.#call.notes, { step: "validation", outcome: "unchecked", facts: { reply } });
  }

  #tell(places: readonly ProblemPlace[]): void {
    const facts = { count: places.length, places: places.slice(0, PLACES_NOTED) };
    note(this.#call.notes, { step: "validation", outcome: "reply invalid", facts });
    this.#parts.replyInvalid(this.#call, places);
    if (!this.#checking.isEnforced) return;
    this.#isRefused = true;
    this.#call.proxied?.abandon();
    refuseCall(this.#parts, this.#call, raise("gateway.replyInvalid"));
  }
}

/** Who is given a head owns it, and a reported one has gone on. */
function copyOf(head: ReplyHead): ReplyHead {
  return { ...head, headers: [...head.headers] };
}

function fieldOf({ headers }: ReplyHead, name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}
