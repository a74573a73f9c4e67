import { Buffer } from "node:buffer";
import { parseJson, toRfc3339 } from "portico/kernel";
import type { IntakeRequest, PageReply, PluginContext } from "portico/kernel";
import { DeliveryCheck } from "./delivery-check.ts";
import { answers } from "./kept.ts";
import type { Kept } from "./kept.ts";

const BODY_LENGTH_KEPT = 4_000;
/** Requests that are held at a time; what comes beyond is answered at once. */
const HELD_MAX = 50;

/** Requests that wait for their answer. */
export class Held {
  readonly #ends = new Set<() => void>();

  /** Settles after the time, or when the inbox ends. */
  async wait(ctx: PluginContext, ms: number): Promise<void> {
    if (ms === 0 || this.#ends.size >= HELD_MAX) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = ctx.clock.after(ms, resolve);
    this.#ends.add(resolve);
    await promise;
    cancel();
    this.#ends.delete(resolve);
  }

  end(): void {
    for (const end of this.#ends) end();
  }
}

/** `POST /dev/inbox`: keeps what came, and answers as the switch says. */
export async function receiveDelivery(
  request: IntakeRequest,
  ctx: PluginContext,
  { kept, held }: { readonly kept: Kept; readonly held: Held },
): Promise<PageReply> {
  const header = (name: string): string => headerOf(request.rawHeaders, name);
  const { answer } = kept;
  const { status, waitMs } = answers[answer];
  const id = header("webhook-id");
  const { webhook } = await ctx.get(DeliveryCheck).check({
    path: "/dev/inbox",
    id,
    timestamp: header("webhook-timestamp"),
    signature: header("webhook-signature"),
    body: request.body,
  });
  const body = Buffer.from(request.body).toString();
  kept.add({
    at: toRfc3339(ctx.clock.now()),
    id: id.slice(0, 128),
    type: typeOf(request.body),
    webhook,
    answer,
    status,
    body: body.slice(0, BODY_LENGTH_KEPT),
  });
  await held.wait(ctx, waitMs);
  return { status, headers: {}, body: "" };
}

function headerOf(rawHeaders: readonly string[], name: string): string {
  const at = rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? "" : (rawHeaders[at + 1] ?? "");
}

function typeOf(body: Uint8Array): string | null {
  const parsed = parseJson(body, { allowBigNumbers: true });
  if (!parsed.ok || typeof parsed.value !== "object" || parsed.value === null) return null;
  const { type, event } = parsed.value as { readonly type?: unknown; readonly event?: unknown };
  const found = type ?? event;
  return typeof found === "string" ? found.slice(0, 128) : null;
}
