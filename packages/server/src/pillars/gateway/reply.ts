import { Buffer } from "node:buffer";
import type { Call, ReplySink } from "./call.ts";
import { writeRateLimits } from "./rate-limit-fields.ts";
import type { ReplyHead } from "./upstream/index.ts";

/** The chain of a call, from the first stage to the caller's connection. Made once. */
export function replyOf(call: Call): ReplySink {
  if (call.reply !== undefined) return call.reply;
  let sink: ReplySink = new CallerReply(call);
  const { replyStages } = call.route;
  for (let index = replyStages.length - 1; index >= 0; index -= 1) {
    sink = replyStages[index]?.wrap(call, sink) ?? sink;
  }
  call.reply = sink;
  return sink;
}

/** The chain behind the stage of a name: for a reply that this stage has kept. */
export function replyBehind(call: Call, name: string): ReplySink {
  return replyOutside(call, new Set([name]));
}

/** The chain from the caller inwards, up to the first stage that has one of the names: for a reply that is none of theirs. */
export function replyOutside(call: Call, names: ReadonlySet<string>): ReplySink {
  let sink: ReplySink = new CallerReply(call);
  const { replyStages } = call.route;
  for (let index = replyStages.length - 1; index >= 0; index -= 1) {
    const stage = replyStages[index];
    if (stage === undefined || names.has(stage.name)) break;
    sink = stage.wrap(call, sink);
  }
  return sink;
}

/** The chain up to the stage of a name and with it, then `last`: for a reply that no caller waits for. */
export function replyInto(call: Call, name: string, last: ReplySink): ReplySink {
  const { replyStages } = call.route;
  let sink = last;
  for (let index = replyStages.findIndex((each) => each.name === name); index >= 0; index -= 1) {
    sink = replyStages[index]?.wrap(call, sink) ?? sink;
  }
  return sink;
}

/** Bodies up to this size go out with the head in one write. */
const ONE_WRITE_BYTES_MAX = 16_384;

/** The last of every chain: the caller's connection. */
class CallerReply implements ReplySink {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  head(head: ReplyHead): void {
    this.#writeHead(head);
    // What is known first is shown first: events, and heads of slow bodies.
    this.#call.front.response.flushHeaders();
  }

  chunk(bytes: Buffer): boolean {
    const call = this.#call;
    const { response } = call.front;
    call.notes.bytesOut += bytes.length;
    if (response.write(Buffer.from(bytes))) return true;
    response.once("drain", () => call.resume?.());
    return false;
  }

  end(trailers: readonly string[]): void {
    const { response } = this.#call.front;
    if (trailers.length > 0 && response.chunkedEncoding && this.#takesTrailers()) {
      const pairs: [string, string][] = [];
      for (let index = 0; index < trailers.length; index += 2) {
        pairs.push([trailers[index] ?? "", trailers[index + 1] ?? ""]);
      }
      response.addTrailers(pairs);
    }
    response.end();
  }

  whole(head: ReplyHead, body: Buffer): void {
    const { response } = this.#call.front;
    // Told of a caller who left while the reply was held.
    if (response.destroyed) return;
    this.#writeHead(head);
    this.#call.notes.bytesOut += body.length;
    if (body.length === 0 || this.#call.front.request.method === "HEAD") response.end();
    else if (body.length <= ONE_WRITE_BYTES_MAX) response.end(body.toString("latin1"), "latin1");
    else response.end(Buffer.from(body));
  }

  #takesTrailers(): boolean {
    return this.#call.fields?.takesTrailers === true;
  }

  #writeHead({ status, reason, headers }: ReplyHead): void {
    const { front, decision, isRequestSent } = this.#call;
    if (status === 204) dropLength(headers);
    headers.push("X-Request-Id", front.requestId);
    if (decision !== undefined) writeRateLimits(headers, decision);
    // A body that nobody reads must not be taken for the next request.
    if (!isRequestSent) front.response.shouldKeepAlive = false;
    this.#call.notes.replyHeaders = headers;
    front.response.writeHead(status, reason, headers);
  }
}

/** RFC 9110 §8.6: a 204 has no Content-Length. */
function dropLength(headers: string[]): void {
  const index = headers.findIndex(
    (each, at) => at % 2 === 0 && each.toLowerCase() === "content-length",
  );
  if (index >= 0) headers.splice(index, 2);
}
