/**
 * Mail: what the installation writes to people.
 *
 * Nouns: message (a template, an address and values), template (a subject and a text, which the operator may replace by files),
 * transport (`smtp`, `outbox`, `console`, `none`), refusal (permanent: this message will never be taken).
 * One message: address and values are cleaned → the template of its language is filled, as text and as HTML → the transport
 * takes it, or throws a problem whose code tells whether another try can help.
 * It is sent from within jobs, so that the job's retries are its retries. It keeps nothing, offers `mail@1`, fills
 * `kernel.checks@1`, and needs nobody.
 */
export { Mail } from "./capability.ts";
export type { MailFace, MailMessage } from "./capability.ts";
export { mail } from "./plugin.ts";
export type { MailTemplate } from "./templates/index.ts";
