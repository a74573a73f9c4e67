/** The thread a thing hangs on: what led to it, and the W3C trace id that all of it shares. */
export interface Origin {
  /** Id of the request, event, job, delivery or run that caused this. */
  readonly cause: string;
  /** 32 lower-case hex characters (W3C Trace Context §3.2.2.3). */
  readonly trace: string;
  /** Subject of the caller at the start of the thread. */
  readonly actor: string;
}
