import { Buffer } from "node:buffer";
import type { Problem } from "portico/kernel";
import type { Call, ReplySink } from "./call.ts";
import { DIGESTS, isReadable } from "./change-request.ts";
import { raise } from "./errors.ts";
import { MessageHeaders, readJsonBody, writeJsonBody } from "./message/index.ts";
import type { ReadBody, ReplyMessage } from "./message/index.ts";
import type { ReplyHead } from "./upstream/index.ts";

/** What looks at replies and changes them: a version's chain, a transform, a hook. */
export interface ReplyChanger {
  /** False for a reply that it leaves alone. */
  wants(status: number): boolean;
  /** False when it never looks into the body: then the body streams on. */
  readonly needsBody: boolean;
  readonly bytesMax: number;
  /** Bodies that are not JSON: passed on as they are, or refused (502). */
  readonly notJson: "pass" | "refuse";
  /** Changes the message in place. What it throws is answered instead of the reply. */
  apply(message: ReplyMessage): void | Promise<void>;
  /** The problem of a result that cannot be answered; `reason` is for the operator. */
  readonly broken: (reason: string) => Problem;
  /** Answers what went wrong. */
  failed(error: unknown): void;
  /** What was asked. */
  readonly request: ReplyMessage["request"];
}

/**
 * Shows a call's reply to a changer and passes on what it made of it. A JSON body is held until it is whole, within
 * `bytesMax`; any other streams on, with its fields changed.
 */
export class ChangedReply implements ReplySink {
  readonly #call: Call;
  readonly #next: ReplySink;
  readonly #changer: ReplyChanger;
  #mode: "start" | "stream" | "hold" | "wait" | "over" = "start";
  #head: ReplyHead | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #trailers: readonly string[] | undefined;

  constructor(call: Call, next: ReplySink, changer: ReplyChanger) {
    this.#call = call;
    this.#next = next;
    this.#changer = changer;
  }

  head(head: ReplyHead): void {
    if (!this.#changer.wants(head.status)) {
      this.#mode = "stream";
      this.#next.head(head);
    } else if (this.#isHeld(head)) {
      this.#mode = "hold";
      this.#head = head;
    } else if (this.#changer.notJson === "refuse" && this.#changer.needsBody) {
      this.#fail(raise("gateway.replyNotJson", { internal: "another type of body" }));
    } else {
      this.#mode = "wait";
      this.#apply(head, { kind: "other" }, (changed) => this.#stream(changed.head));
    }
  }

  chunk(bytes: Buffer): boolean {
    switch (this.#mode) {
      case "stream":
        return this.#next.chunk(bytes);
      case "wait":
        this.#chunks.push(Buffer.from(bytes));
        return false;
      case "hold":
        this.#hold(bytes);
        return true;
      case "start":
      case "over":
        return true;
    }
  }

  end(trailers: readonly string[]): void {
    if (this.#mode === "stream") this.#next.end(trailers);
    else if (this.#mode === "wait") this.#trailers = trailers;
    else if (this.#mode === "hold" && this.#head !== undefined) {
      this.#finish(this.#head, Buffer.concat(this.#chunks));
    }
  }

  whole(head: ReplyHead, body: Buffer): void {
    if (!this.#changer.wants(head.status)) this.#next.whole(head, body);
    else if (body.length > this.#changer.bytesMax && this.#isHeld(head)) this.#tooLarge();
    // Bytes are only lent, and a changer may take its time.
    else this.#finish(head, Buffer.from(body));
  }

  #isHeld(head: ReplyHead): boolean {
    if (!this.#changer.needsBody) return false;
    return isBodiless(this.#call, head.status) || isReadable(fieldsOf(head));
  }

  #hold(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#changer.bytesMax) this.#tooLarge();
    else this.#chunks.push(Buffer.from(bytes));
  }

  #tooLarge(): void {
    this.#call.proxied?.abandon();
    const params = { max: this.#changer.bytesMax };
    this.#fail(raise("gateway.replyNotChangeable", { params }));
  }

  /** The fields are changed: what came meanwhile follows. */
  #stream(head: ReplyHead): void {
    this.#mode = "stream";
    this.#next.head(head);
    for (const chunk of this.#chunks) this.#next.chunk(chunk);
    this.#chunks = [];
    if (this.#trailers === undefined) this.#call.resume?.();
    else this.#next.end(this.#trailers);
  }

  #finish(head: ReplyHead, bytes: Buffer): void {
    const { needsBody, notJson } = this.#changer;
    const isEmpty = bytes.length === 0 || isBodiless(this.#call, head.status);
    const body: ReadBody = isEmpty
      ? { kind: "none" }
      : needsBody
        ? readJsonBody(bytes, fieldsOf(head))
        : { kind: "other" };
    if (body.kind === "broken" || (body.kind === "other" && needsBody && notJson === "refuse")) {
      const internal = body.kind === "broken" ? body.reason : "another type of body";
      this.#fail(raise("gateway.replyNotJson", { internal }));
      return;
    }
    this.#mode = "over";
    this.#apply(head, body, (changed) => this.#next.whole(changed.head, changed.body ?? bytes));
  }

  #apply(head: ReplyHead, body: ReadBody, then: (changed: Changed) => void): void {
    const message: ReplyMessage = {
      status: head.status,
      headers: new MessageHeaders(head.headers),
      body: body.kind === "json" ? body.value : undefined,
      request: this.#changer.request,
    };
    const go = (): void =>
      then(changedReply(this.#call, head, { message, body, changer: this.#changer }));
    try {
      const done = this.#changer.apply(message);
      if (!(done instanceof Promise)) {
        go();
        return;
      }
      done.then(go).catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#mode = "over";
    this.#chunks = [];
    this.#changer.failed(error);
  }
}

interface Changed {
  readonly head: ReplyHead;
  /** Undefined when the body stays as it came. */
  readonly body: Buffer | undefined;
}

interface Outcome {
  readonly message: ReplyMessage;
  readonly body: ReadBody;
  readonly changer: ReplyChanger;
}

function changedReply(call: Call, head: ReplyHead, { message, body, changer }: Outcome): Changed {
  const { status, headers } = message;
  const reason = status === head.status ? head.reason : "";
  const isNone = isBodiless(call, status);
  const bytes = isNone && body.kind !== "other" ? NOTHING : bytesOf(message.body, body, changer);
  if (isNone && body.kind === "other" && !isBodiless(call, head.status)) {
    throw changer.broken(
      `it made the status ${status}, which has no body, of a reply that has one`,
    );
  }
  if (bytes === undefined) {
    return { head: { ...head, status, reason, headers: [...headers.toRaw()] }, body: undefined };
  }
  if (body.kind === "none" && bytes.length > 0 && !headers.has("content-type")) {
    headers.set("Content-Type", "application/json");
  }
  const raw = without(headers.toRaw(), BODY_FIELDS);
  if (!isNone) raw.push("Content-Length", String(bytes.length));
  return { head: { status, reason, headers: raw, contentLength: bytes.length }, body: bytes };
}

const NOTHING = Buffer.alloc(0);
/** What speaks of the bytes that came; ranges of what is changed cannot be given (RFC 9110 §14). */
const BODY_FIELDS = new Set(["content-length", "accept-ranges", ...DIGESTS]);

function bytesOf(made: unknown, { kind }: ReadBody, { broken }: ReplyChanger): Buffer | undefined {
  if (made === undefined) return kind === "json" ? NOTHING : undefined;
  if (kind === "other") throw broken("it set the body of a message that is not JSON");
  const bytes = writeJsonBody(made);
  if (bytes === undefined) throw broken("the body that it made has no JSON form");
  return bytes;
}

function without(raw: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? "";
    if (!names.has(name.toLowerCase())) kept.push(name, raw[index + 1] ?? "");
  }
  return kept;
}

function isBodiless({ front }: Call, status: number): boolean {
  return front.request.method === "HEAD" || status === 204 || status === 304;
}

function fieldsOf({ headers }: ReplyHead): {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
} {
  let contentType: string | undefined;
  let contentEncoding: string | undefined;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (name.length !== 12 && name.length !== 16) continue;
    const lower = name.toLowerCase();
    if (lower === "content-type") contentType = headers[index + 1];
    else if (lower === "content-encoding") contentEncoding = headers[index + 1];
  }
  return { contentType, contentEncoding };
}
