import type { Clock } from "portico/kernel";
import type { UpstreamAddress } from "./connection.ts";
import type { Exchange, Failure, ReplyHead, UpstreamTimeouts } from "./exchange.ts";
import { UpstreamPool } from "./pool.ts";

/** How a target is asked whether it is well. */
export interface HealthCheckSettings {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Good answers in a row after which an ill target is well again. */
  readonly healthyAfter: number;
  /** Bad answers in a row after which a well target is ill. */
  readonly unhealthyAfter: number;
  /** Good answers: `200`, or `2xx` for all of a hundred. */
  readonly statuses: readonly (number | string)[];
}

/** What a check is made of. */
export interface HealthCheckOptions {
  readonly settings: HealthCheckSettings;
  readonly address: UpstreamAddress;
  readonly host: string;
  readonly clock: Clock;
  /** Told when the judgement changes, and why. */
  readonly changed: (isHealthy: boolean, detail: string) => void;
}

/**
 * Asks one target every `intervalMs`, on a connection of its own, so that a full pool does not look like an ill target. A
 * target is well until it is found to be ill.
 */
export class HealthCheck {
  readonly #options: HealthCheckOptions;
  readonly #pool: UpstreamPool;
  #isHealthy = true;
  #opposed = 0;
  #cancel: () => void = () => undefined;
  #isStopped = false;

  constructor(options: HealthCheckOptions) {
    this.#options = options;
    const { address, clock, settings } = options;
    // Kept for as long as two checks are apart would race with the target's own limit: each check may connect anew.
    const keepAliveMs = Math.min(settings.intervalMs, 4_000);
    this.#pool = new UpstreamPool({ address, connectionsMax: 1, keepAliveMs, clock });
  }

  start(): void {
    const { clock, settings } = this.#options;
    this.#pool.send(probe(this.#options, (fault) => this.#judged(fault)));
    this.#cancel = clock.after(settings.intervalMs, () => this.start());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
    this.#pool.drain();
  }

  #judged(fault: string | undefined): void {
    if (this.#isStopped) return;
    const isGood = fault === undefined;
    if (isGood === this.#isHealthy) {
      this.#opposed = 0;
      return;
    }
    this.#opposed += 1;
    const { healthyAfter, unhealthyAfter } = this.#options.settings;
    if (this.#opposed < (isGood ? healthyAfter : unhealthyAfter)) return;
    this.#opposed = 0;
    this.#isHealthy = isGood;
    this.#options.changed(isGood, fault ?? "it answers as it should");
  }
}

/** One question; `judged` is called once, with what was wrong or without. */
function probe(
  { settings, host }: HealthCheckOptions,
  judged: (fault: string | undefined) => void,
): Exchange {
  let isJudged = false;
  const judge = (fault: string | undefined): void => {
    if (isJudged) return;
    isJudged = true;
    judged(fault);
  };
  return {
    head: `GET ${settings.path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: portico-health-check\r\nAccept: */*\r\n\r\n`,
    isHeadMethod: false,
    isRepeatable: true,
    timeouts: limitsOf(settings),
    started: (link) => link.finish(),
    interim: () => undefined,
    replied: ({ status }: ReplyHead) => {
      judge(isGoodStatus(settings.statuses, status) ? undefined : `it answers ${status}`);
    },
    received: () => undefined,
    ended: () => undefined,
    failed: ({ kind, detail }: Failure) => judge(`${kind}: ${detail}`),
    drained: () => undefined,
  };
}

function limitsOf({ timeoutMs }: HealthCheckSettings): UpstreamTimeouts {
  return {
    connectMs: timeoutMs,
    firstByteMs: timeoutMs,
    idleMs: timeoutMs,
    totalMs: timeoutMs,
    bodyBytesPerSecondMin: 0,
  };
}

function isGoodStatus(statuses: readonly (number | string)[], status: number): boolean {
  const hundred = `${Math.floor(status / 100)}xx`;
  return statuses.some((each) => each === status || each === hundred);
}
