import { Buffer } from "node:buffer";
import { isProblem, ownUrl } from "portico/kernel";
import type { OutboundReply, PluginContext } from "portico/kernel";
import { CONTENT_TYPES, envelope } from "./envelope.ts";
import type { Deliverable } from "./envelope.ts";
import { judge } from "./retry.ts";
import type { Verdict } from "./retry.ts";
import { settingsOf } from "./settings.ts";
import { signature } from "./sign.ts";
import { stateOf } from "./state.ts";
import { liveSecrets } from "./target.ts";
import type { Target } from "./target.ts";

const RESPONSE_BYTES_READ = 65_536;
const RESPONSE_BYTES_KEPT = 4_096;

/** One event on its way to one webhook. */
export interface Parcel {
  readonly event: Deliverable;
  /** The delivery's place within its webhook: 1, 2, 3, … without gaps. */
  readonly position: number;
  readonly target: Target;
}

/** One request to a receiver and what came of it. */
export interface Sent {
  readonly verdict: Verdict;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly status: number | null;
  readonly address: string | null;
  readonly responseBody: Uint8Array | null;
}

/**
 * Hands one event over, signed for this very attempt (Standard Webhooks 1.0). Whatever the receiver or the network does
 * becomes a verdict; what throws is a fault of our own and must not use up the receiver's tries.
 */
export async function send(
  parcel: Parcel,
  { ctx, signal }: { readonly ctx: PluginContext; readonly signal: AbortSignal },
): Promise<Sent> {
  const { event, target } = parcel;
  const startedAt = ctx.clock.now();
  const startedMonotonic = ctx.clock.monotonic();
  const body = envelope(event, target.format, ownUrl(ctx.server));
  try {
    const answer = await ctx.outbound.request({
      method: "POST",
      url: target.url,
      headers: { ...target.headers, ...ourHeaders(parcel, body, { ctx, startedAt }) },
      body,
      timeoutMs: settingsOf(ctx).timeoutMs,
      maxBytes: RESPONSE_BYTES_READ,
      signal,
    });
    return answered(answer, startedAt, ctx);
  } catch (error) {
    // Not the receiver's fault: the process stops, or the lease was lost.
    if (signal.aborted || !isProblem(error) || !error.code.startsWith("outbound.")) throw error;
    return {
      verdict: { kind: "failed", error: error.message, ladder: "long" },
      startedAt,
      durationMs: Math.round(ctx.clock.monotonic() - startedMonotonic),
      status: null,
      address: null,
      responseBody: null,
    };
  }
}

function ourHeaders(
  { event, position, target }: Parcel,
  body: Uint8Array,
  { ctx, startedAt }: { readonly ctx: PluginContext; readonly startedAt: number },
): Record<string, string> {
  const timestamp = Math.floor(startedAt / 1_000);
  const span = Buffer.alloc(8);
  ctx.fillRandom(span);
  const key = target.isAsymmetric ? stateOf(ctx).keys(target.organization) : undefined;
  const signed = { id: event.id, timestamp, body };
  return {
    "content-type": CONTENT_TYPES[target.format],
    "user-agent": `Portico/${ctx.server.version}`,
    "webhook-id": event.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signature(signed, liveSecrets(target, startedAt), key),
    "webhook-sequence": String(position),
    traceparent: `00-${event.trace}-${span.toString("hex")}-01`,
  };
}

function answered(answer: OutboundReply, startedAt: number, ctx: PluginContext): Sent {
  return {
    verdict: judge(answer, ctx.clock.now()),
    startedAt,
    durationMs: Math.round(answer.durationMs),
    status: answer.status,
    address: answer.address,
    responseBody: answer.body.slice(0, RESPONSE_BYTES_KEPT),
  };
}
