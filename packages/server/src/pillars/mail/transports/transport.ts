import type { Written } from "../message.ts";

/** A way for mail to leave. */
export interface Transport {
  readonly kind: "smtp" | "outbox" | "console" | "none";
  /** Settles when the message is taken. Throws `mail.refused`, `mail.unavailable`, `mail.notSetUp`. */
  deliver(written: Written): Promise<void>;
}
