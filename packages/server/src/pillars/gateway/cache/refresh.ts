import { ServerResponse } from "node:http";
import type { Call, ReplySink, Step } from "../call.ts";
import { editsOf } from "../edits.ts";
import { replyInto } from "../reply.ts";
import { runSteps } from "../run-steps.ts";
import type { CacheCall } from "./cache-call.ts";
import { CACHE } from "./parts.ts";
import type { CacheStepParts } from "./parts.ts";
import type { Entry } from "./entry.ts";
import { giveUp } from "./serve.ts";
import { holdBack, validate } from "./prepare.ts";

/** At most this long is nobody else sent for the same reply. */
const REFRESH_MS = 30_000;
const AGAIN_MS = 1_000;

/**
 * Fetches a reply anew while its caller is served the stale one (RFC 5861 §3): the same call goes on to the upstream, with
 * nobody at its end. One at a time for each reply.
 */
export function refreshBehind(
  parts: CacheStepParts & { readonly step: Step },
  call: Call,
  { cached, entry }: { readonly cached: CacheCall; readonly entry: Entry },
): void {
  const { room, step } = parts;
  const nowMs = room.monotonic();
  if (nowMs < entry.refreshingUntilMs) return;
  entry.refreshingUntilMs = nowMs + REFRESH_MS;
  const own: CacheCall = {
    ...cached,
    reason: "stale",
    stale: entry,
    attempt: room.store.attempt(cached.place),
    sentAtMs: nowMs,
  };
  const ended = (): void => {
    giveUp(room, own);
    entry.refreshingUntilMs = Math.min(entry.refreshingUntilMs, room.monotonic() + AGAIN_MS);
  };
  const behind = callBehind(call, own, ended);
  behind.reply = replyInto(behind, CACHE, nobody(ended));
  behind.rescue = () => {
    ended();
    return true;
  };
  holdBack(behind, cached.policy);
  validate(behind, own, entry);
  runSteps(behind, ended, call.route.steps.indexOf(step) + 1);
}

/** The same call without its caller. */
function callBehind(call: Call, cache: CacheCall, ended: () => void): Call {
  const response = new Unheard(call.front.request);
  response.once("close", ended);
  const edits = call.edits === undefined ? undefined : { ...call.edits };
  const behind: Call = {
    ...call,
    front: { ...call.front, response },
    edits: edits === undefined ? undefined : { ...edits, headers: new Map(edits.headers) },
    decision: undefined,
    proxied: undefined,
    resume: undefined,
    cache,
    notes: { ...call.notes },
  };
  const { headers, ...rest } = editsOf(behind);
  // All of it is fetched, whatever part or head of it this caller asked for.
  behind.edits = { ...rest, headers, method: "GET" };
  headers.set("range", []);
  headers.set("if-range", []);
  return behind;
}

/** A response that nobody reads: what refuses the call only ends it. */
class Unheard extends ServerResponse {
  override end(): this {
    this.emit("close");
    return this;
  }
}

function nobody(ended: () => void): ReplySink {
  return { head: () => undefined, chunk: () => true, end: ended, whole: ended };
}
