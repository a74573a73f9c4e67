import type { WebhookSettings } from "./settings.ts";
import type { RetryPolicy } from "./steering.ts";

/** Shortest and longest wait a receiver's `Retry-After` can ask for. */
const RETRY_AFTER_MIN_MS = 1_000;
const RETRY_AFTER_MAX_MS = 24 * 3_600_000;
/** Tries for answers that more tries rarely mend, such as 404: a slip on the other side is still forgiven for half an hour. */
const SHORT_TRIES = 4;

/** Tries after which a receiver may ask for a shorter wait than the ladder's: beyond, an outage of minutes would use up all. */
const HURRIED_TRIES = 3;

/** What one attempt came to. */
export type Verdict =
  | { readonly kind: "delivered" }
  /** The receiver wants no more: the webhook is disabled. */
  | { readonly kind: "gone"; readonly error: string }
  | {
      readonly kind: "failed";
      readonly error: string;
      /** `long`: the whole ladder. `short`: its first steps. */
      readonly ladder: "long" | "short";
      readonly retryAfterMs?: number;
    };

/** What the receiver answered, as far as the verdict rests on it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Judges an answer: 2xx delivered, 410 gone, everything else failed, 408, 425, 429 and 5xx with the whole ladder. */
export function judge({ status, headers }: Answer, nowMs: number): Verdict {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status === 410) return { kind: "gone", error: "410: the receiver is gone for good" };
  const isPassing = status === 408 || status === 425 || status === 429 || status >= 500;
  const retryAfterMs = retryAfter(headers["retry-after"], nowMs);
  return {
    kind: "failed",
    error: describe(status, headers["location"]),
    ladder: isPassing ? "long" : "short",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function describe(status: number, location: string | string[] | undefined): string {
  if (status < 300 || status >= 400) return `The receiver answered ${status}`;
  const target = typeof location === "string" ? ` to ${location.slice(0, 200)}` : "";
  return `The receiver answered ${status}, a redirect${target}; redirects are not followed: change the webhook's URL`;
}

/** Reads `Retry-After` (RFC 9110 §10.2.3), seconds or a date, held between 1 s and 24 h. */
function retryAfter(header: string | string[] | undefined, nowMs: number): number | undefined {
  if (typeof header !== "string") return undefined;
  const isSeconds = /^\d{1,9}$/.test(header);
  // Date.parse takes "-5" for a month; only the form with a weekday is meant.
  if (!isSeconds && !/^[A-Z][a-z]{2},? /.test(header)) return undefined;
  const waitMs = isSeconds ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(waitMs, RETRY_AFTER_MIN_MS), RETRY_AFTER_MAX_MS);
}

/** Longest wait of a doubling policy. */
const WAIT_MAX_MS = 7 * 24 * 3_600_000;

/** The waits of a webhook after its first, second, … failed try: its own policy's, or the server's. */
export function waitsOf(
  policy: RetryPolicy | null,
  settings: Pick<WebhookSettings, "retryWaitsMs">,
): readonly number[] {
  if (policy === null) return settings.retryWaitsMs;
  if ("schedule" in policy) return policy.schedule;
  const { maxRetries, backoffMs } = policy;
  return Array.from({ length: maxRetries }, (_, n) => Math.min(backoffMs * 2 ** n, WAIT_MAX_MS));
}

/** What the wait rests on beside the verdict. */
export interface LadderStep {
  /** Tries made, this one included. */
  readonly tries: number;
  readonly waitsMs: readonly number[];
  /** Share by which a wait is made longer or shorter by chance. */
  readonly jitter: number;
  readonly fillRandom: (bytes: Uint8Array) => void;
}

/**
 * Milliseconds until the next try after a failed one, or undefined when there is none: the ladder's wait ± jitter, or
 * what the receiver asked for, which makes a wait shorter after the first tries only.
 */
export function nextWaitMs(
  verdict: Extract<Verdict, { kind: "failed" }>,
  { tries, waitsMs, jitter, fillRandom }: LadderStep,
): number | undefined {
  const step = waitsMs[tries - 1];
  if (step === undefined || (verdict.ladder === "short" && tries >= SHORT_TRIES)) return undefined;
  const ownMs = jittered(step, jitter, fillRandom);
  const { retryAfterMs = ownMs } = verdict;
  return tries <= HURRIED_TRIES ? retryAfterMs : Math.max(ownMs, retryAfterMs);
}

/** A wait made up to that share longer or shorter by chance. */
export function jittered(
  waitMs: number,
  share: number,
  fillRandom: (bytes: Uint8Array) => void,
): number {
  const bytes = new Uint8Array(2);
  fillRandom(bytes);
  const chance = ((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)) / 65_535;
  return Math.round(waitMs * (1 + share * (2 * chance - 1)));
}
