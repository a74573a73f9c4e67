import type { Clock, LimitDecision } from "portico/kernel";

/** How long a call may be held back, and how many with it. */
export interface Patience {
  readonly delayMs: number;
  readonly queueMax: number;
}

/** A call that is held back. */
export interface HeldCall {
  readonly patience: Patience;
  /** Asks again; takes when it is allowed. */
  readonly retry: () => LimitDecision | Promise<LimitDecision>;
  /** What it is told when its time is over. */
  readonly refusal: LimitDecision;
}

interface Waiting extends HeldCall {
  refusal: LimitDecision;
  readonly untilMs: number;
  readonly settle: (decision: LimitDecision | Promise<never>) => void;
  isTrying: boolean;
  cancel: () => void;
}

interface Queue {
  readonly calls: Waiting[];
  cancel: () => void;
}

/**
 * Holds calls back that a policy would refuse: in the order of their coming, each for its time at most. Only the first of
 * a queue asks again, so a call that is refused in the end has taken nothing, and none overtakes another.
 */
export class Throttle {
  readonly #clock: Pick<Clock, "monotonic" | "after">;
  readonly #queues = new Map<string, Queue>();

  constructor(clock: Pick<Clock, "monotonic" | "after">) {
    this.#clock = clock;
  }

  /** True when nobody waits: the usual case, in which nothing else is asked. */
  get isIdle(): boolean {
    return this.#queues.size === 0;
  }

  /** True when calls wait for this count, so that others stand behind them. */
  isWaitedFor(name: string): boolean {
    return this.#queues.has(name);
  }

  /** Holds a call back. Settles with the decision that lets it through, or with a refusal. */
  hold(name: string, call: HeldCall): Promise<LimitDecision> {
    const queue = this.#queues.get(name) ?? { calls: [], cancel: () => undefined };
    if (queue.calls.length >= call.patience.queueMax) return Promise.resolve(call.refusal);
    this.#queues.set(name, queue);
    const { promise, resolve } = Promise.withResolvers<LimitDecision>();
    const waiting: Waiting = {
      ...call,
      untilMs: this.#clock.monotonic() + call.patience.delayMs,
      settle: resolve,
      isTrying: false,
      cancel: () => undefined,
    };
    waiting.cancel = this.#clock.after(call.patience.delayMs, () => this.#timeOver(name, waiting));
    queue.calls.push(waiting);
    if (queue.calls.length === 1) this.#tryLater(name, queue, call.refusal.resetMs);
    return promise;
  }

  /** Something was given back: the first in the queue need not wait for its time. */
  wake(name: string): void {
    const queue = this.#queues.get(name);
    if (queue !== undefined) this.#tryLater(name, queue, 0);
  }

  #tryLater(name: string, queue: Queue, waitMs: number): void {
    queue.cancel();
    const [first] = queue.calls;
    if (first === undefined) {
      this.#queues.delete(name);
      return;
    }
    queue.cancel = this.#clock.after(waitMs, () => void this.#tryFirst(name, queue));
  }

  async #tryFirst(name: string, queue: Queue): Promise<void> {
    const [first] = queue.calls;
    if (first === undefined || first.isTrying) return;
    first.isTrying = true;
    let decision: LimitDecision;
    try {
      decision = await first.retry();
    } catch (error) {
      this.#leave(name, first);
      first.settle(
        Promise.reject(error instanceof Error ? error : new TypeError("limit", { cause: error })),
      );
      return;
    }
    first.isTrying = false;
    first.refusal = decision;
    if (decision.allowed || this.#clock.monotonic() >= first.untilMs) {
      this.#leave(name, first);
      first.settle(decision);
    } else {
      this.#tryLater(name, queue, decision.resetMs);
    }
  }

  #timeOver(name: string, waiting: Waiting): void {
    // What is being asked may still let it through, and then has taken.
    if (waiting.isTrying) return;
    const isFirst = this.#queues.get(name)?.calls[0] === waiting;
    if (isFirst && waiting.refusal.resetMs <= waiting.patience.delayMs) {
      const queue = this.#queues.get(name);
      if (queue !== undefined) void this.#tryFirst(name, queue);
      return;
    }
    this.#leave(name, waiting);
    waiting.settle(waiting.refusal);
  }

  #leave(name: string, waiting: Waiting): void {
    waiting.cancel();
    const queue = this.#queues.get(name);
    if (queue === undefined) return;
    const index = queue.calls.indexOf(waiting);
    if (index >= 0) queue.calls.splice(index, 1);
    if (index === 0 || queue.calls.length === 0) this.#tryLater(name, queue, 0);
  }
}
