const KEPT_MAX = 100;

/** What the inbox does with a request. */
export const answers = {
  accept: { status: 204, waitMs: 0, text: "204, as a receiver should" },
  fail: { status: 500, waitMs: 0, text: "500, as a receiver that is broken" },
  slow: { status: 204, waitMs: 3_000, text: "204 after 3 seconds" },
  hang: { status: 204, waitMs: 30_000, text: "nothing for 30 seconds, which is too late" },
} as const;

/** The name of one of them. */
export type AnswerName = keyof typeof answers;

/** True for the name of an answer. */
export function isAnswer(name: string): name is AnswerName {
  return Object.hasOwn(answers, name);
}

/** One request that came. */
export interface KeptDelivery {
  /** RFC 3339 */
  readonly at: string;
  /** `webhook-id`: the event's id, the same over all attempts. */
  readonly id: string;
  /** How often this id has come by now. */
  readonly attempt: number;
  readonly type: string | null;
  /** The webhook that has signed it; null for a signature that is none of ours. */
  readonly webhook: string | null;
  readonly answer: AnswerName;
  readonly status: number;
  readonly body: string;
}

/** What one inbox remembers: in memory, and no longer than its server. */
export class Kept {
  answer: AnswerName = "accept";
  readonly #deliveries: KeptDelivery[] = [];

  /** Newest first. */
  get deliveries(): readonly KeptDelivery[] {
    return this.#deliveries;
  }

  /** Adds what came, with the number of its attempt. */
  add(delivery: Omit<KeptDelivery, "attempt">): void {
    const before = this.#deliveries.filter(({ id }) => id === delivery.id).length;
    this.#deliveries.unshift({ ...delivery, attempt: before + 1 });
    this.#deliveries.length = Math.min(this.#deliveries.length, KEPT_MAX);
  }
}
