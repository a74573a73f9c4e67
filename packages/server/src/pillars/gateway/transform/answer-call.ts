import { STATUS_CODES } from "node:http";
import type { Call, ReplySink } from "../call.ts";
import { note } from "../notes.ts";
import { replyOutside } from "../reply.ts";
import type { HookReply } from "./hook-reply.ts";

/**
 * Stages of replies that come from the upstream: what a hook answers is no reply to be checked, changed, kept or told by
 * an event.
 */
const OF_UPSTREAM: ReadonlySet<string> = new Set([
  "emit",
  "validate",
  "versions",
  "transform",
  "cache",
]);

/** Answers a call in the upstream's place. `module` names the hook. */
export function answerCall(call: Call, { status, headers, body }: HookReply, module: string): void {
  note(call.notes, { step: "hook", outcome: "answered", facts: { module, status } });
  const sink: ReplySink = replyOutside(call, OF_UPSTREAM);
  const reason = STATUS_CODES[status] ?? "";
  sink.whole({ status, reason, headers: [...headers], contentLength: body.length }, body);
}
