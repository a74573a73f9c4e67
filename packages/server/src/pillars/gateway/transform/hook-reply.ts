import { Buffer } from "node:buffer";
import { MessageHeaders, writeJsonBody } from "../message/index.ts";

/** What a hook answers a call with, instead of the upstream. Made by {@link reply}. */
export class HookReply {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer;

  constructor(status: number, headers: readonly string[], body: Buffer) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** Fields of a reply by their names; a list is several fields of one name. */
export type HookReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

/** Statuses without a body (RFC 9110 §6.4.1). */
const BODILESS = new Set([204, 205, 304]);

/**
 * The answer of a request hook: the upstream is then not called. A text is sent as `text/plain` and bytes as they are, unless
 * `headers` say otherwise; anything else as JSON. Throws a TypeError for a status that is no final one, a field that may
 * not be set, and a body that cannot be sent.
 *
 * @example
 * export default defineHooks({
 *   onRequest: (message) =>
 *     message.path === "/ping" ? reply(200, { "Cache-Control": "no-store" }, { pong: true }) : undefined,
 * });
 */
export function reply(status: number, headers: HookReplyHeaders = {}, body?: unknown): HookReply {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError(`a reply has a status from 200 to 599; got ${String(status)}`);
  }
  const fields = new MessageHeaders([]);
  for (const [name, value] of Object.entries(headers)) {
    for (const each of typeof value === "string" ? [value] : value) fields.add(name, each);
  }
  const { type, bytes } = bodyOf(body);
  if (BODILESS.has(status) && bytes.length > 0) {
    throw new TypeError(`a reply of status ${status} has no body; got ${bytes.length} bytes`);
  }
  if (type !== undefined && !fields.has("content-type")) fields.set("Content-Type", type);
  const length = BODILESS.has(status) ? [] : ["Content-Length", String(bytes.length)];
  return new HookReply(status, [...fields.toRaw(), ...length], bytes);
}

function bodyOf(body: unknown): { readonly type: string | undefined; readonly bytes: Buffer } {
  if (body === undefined) return { type: undefined, bytes: Buffer.alloc(0) };
  if (body instanceof Uint8Array)
    return { type: "application/octet-stream", bytes: Buffer.from(body) };
  if (typeof body === "string")
    return { type: "text/plain; charset=utf-8", bytes: Buffer.from(body) };
  const bytes = writeJsonBody(body);
  if (bytes === undefined) throw new TypeError("the body of a reply has no JSON form");
  return { type: "application/json", bytes };
}
