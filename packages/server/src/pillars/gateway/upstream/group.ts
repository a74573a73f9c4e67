import type { Clock } from "portico/kernel";
import { pick } from "./balance.ts";
import type { Balance } from "./balance.ts";
import type { Exchange, Failure, Upstream, UpstreamCounts } from "./exchange.ts";
import { GroupCall } from "./group-call.ts";
import type { CallOwner, RetryOn } from "./group-call.ts";
import { RetryBudget } from "./retry-budget.ts";
import { Target } from "./target.ts";
import type { TargetChange, TargetOptions, WatchOptions } from "./target.ts";

/** When a failed call is tried again. */
export interface RetrySettings {
  /** For one call. */
  readonly max: number;
  /** Retries as a share of all calls. */
  readonly budgetRatio: number;
  readonly on: readonly RetryOn[];
}

/** How a group of targets is called. */
export interface GroupOptions extends WatchOptions {
  /** Its name in logs and metrics. */
  readonly id: string;
  readonly targets: readonly TargetOptions[];
  readonly balance: Balance;
  readonly retries?: RetrySettings;
  /** Connections to each target. */
  readonly connectionsMax: number;
  readonly keepAliveMs: number;
}

/** What a group stands on. */
export interface GroupParts {
  readonly clock: Clock;
  readonly observer: GroupObserver;
}

/** Who is told of what happens in groups: logs and metrics. */
export interface GroupObserver {
  retried(group: string): void;
  changed(what: {
    readonly group: string;
    readonly target: string;
    readonly change: TargetChange;
    readonly detail: string;
  }): void;
}

/** Several targets behind one name: calls are spread over those that are well. */
export class UpstreamGroup implements Upstream, CallOwner {
  readonly id: string;
  readonly monotonic: () => number;
  readonly retriesMax: number;
  readonly retriesOn: ReadonlySet<RetryOn>;
  readonly hasManyHosts: boolean;
  readonly #balance: Balance;
  readonly #targets: readonly Target[];
  readonly #budget: RetryBudget | undefined;
  readonly #observer: GroupObserver;
  readonly #calls = new Map<Exchange, GroupCall>();
  #isDraining = false;

  constructor(options: GroupOptions, { clock, observer }: GroupParts) {
    const { id, targets, balance, retries } = options;
    this.id = id;
    this.monotonic = clock.monotonic;
    this.retriesMax = retries?.max ?? 0;
    this.retriesOn = new Set(retries?.on);
    this.hasManyHosts = new Set(targets.map(({ host }) => host)).size > 1;
    this.#balance = balance;
    this.#budget = retries === undefined ? undefined : new RetryBudget(retries.budgetRatio);
    this.#observer = observer;
    this.#targets = targets.map(
      (target) =>
        new Target({
          ...options,
          target,
          clock,
          changed: (change, detail) => {
            observer.changed({ group: id, target: target.host, change, detail });
          },
        }),
    );
  }

  get counts(): UpstreamCounts {
    const all = this.#targets.map(({ pool }) => pool.counts);
    const sum = (key: keyof UpstreamCounts): number =>
      all.reduce((total, each) => total + each[key], 0);
    return { open: sum("open"), free: sum("free"), waiting: sum("waiting") };
  }

  /** How many targets there are, and how many may be called now. */
  get availability(): { readonly targets: number; readonly available: number } {
    const now = this.monotonic();
    const available = this.#targets.filter((target) => target.waitMs(now) === 0).length;
    return { targets: this.#targets.length, available };
  }

  send(exchange: Exchange): void {
    this.#budget?.earn();
    const call = new GroupCall(exchange, this);
    this.#calls.set(exchange, call);
    call.begin();
  }

  forget(exchange: Exchange): void {
    this.#calls.get(exchange)?.forget();
  }

  /** Health checks go on until the last call has ended: it may still be retried. */
  drain(): void {
    this.#isDraining = true;
    this.#closeWhenDone();
  }

  choose(tried: ReadonlySet<Target>, now: number): Target | Failure {
    let waitMs = Number.POSITIVE_INFINITY;
    const available: Target[] = [];
    for (const target of this.#targets) {
      const wait = target.waitMs(now);
      if (wait === 0) available.push(target);
      else waitMs = Math.min(waitMs, wait);
    }
    const untried = tried.size === 0 ? available : available.filter((each) => !tried.has(each));
    const chosen = pick(this.#balance, untried.length > 0 ? untried : available);
    if (chosen !== undefined) return chosen;
    return {
      kind: "down",
      detail: `none of the ${this.#targets.length} targets of '${this.id}' may be called`,
      retryAfterMs: waitMs,
    };
  }

  spendRetry(): boolean {
    if (this.#budget?.spend() !== true) return false;
    this.#observer.retried(this.id);
    return true;
  }

  over(exchange: Exchange): void {
    this.#calls.delete(exchange);
    if (this.#isDraining) this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#calls.size > 0) return;
    for (const target of this.#targets) target.drain();
  }
}
