import { capability, isProblem } from "portico/kernel";
import type { Problem } from "portico/kernel";
import type { MailTemplate } from "./templates/index.ts";

/** A message to one person. */
export interface MailMessage {
  /** One address, without a name: `ada@example.com`. */
  readonly to: string;
  readonly template: MailTemplate;
  /**
   * What the template's `{{placeholders}}` become, plain text. `link` is an http or https URL, and needed wherever the template
   * has one; a line whose other values are not given is left out. Line breaks and control characters become spaces; what looks
   * like a link elsewhere than in `link` does not work as one.
   */
  readonly values: Readonly<Record<string, string>>;
  /** Language of the reader, as BCP 47 writes it: `de`, `pt-BR`. English where there is no template in it. */
  readonly locale?: string;
  /** The job's id: every try then carries the same Message-ID, and a mailbox may know a second copy. */
  readonly id?: string;
}

/**
 * Sends mail, to be called from within a job. It settles when the transport has taken the message, and throws otherwise:
 * `mail.unavailable` (502) for what passes (no connection, 4xx, a time-out, a password that the server does not take), so
 * that a job which lets it through is retried. For everything else another try is in vain: a problem whose status is below 500
 * is for good, and the job should fail at once: `mail.refused` (5xx to sender, receiver or content), `mail.badAddress`,
 * `mail.badValues`, `mail.notSetUp`.
 * A connection lost after the message was sent counts as temporary, so a message may arrive twice, never not at all.
 *
 * @example
 * try {
 *   await ctx.get(Mail).send({ to, template: "verifyEmail", values: { name, link }, id });
 * } catch (error) {
 *   if (isProblem(error) && error.status < 500) return { kind: "fail", error: error.message };
 *   throw error;
 * }
 */
export interface MailFace {
  send(message: MailMessage): Promise<void>;
}

/** `mail@1` */
export const Mail = capability<MailFace>("mail@1");

/** Whether what `send` threw will be thrown at every other try too. */
export function isForGood(error: unknown): error is Problem {
  return isProblem(error) && error.status < 500;
}
