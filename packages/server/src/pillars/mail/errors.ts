import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses. No text holds an address: these problems become errors of jobs. */
export const mailErrors = {
  "mail.refused": problem(
    422,
    "The mail server refuses the message for good ({reply}).",
    "It answered 5xx to the sender, the receiver or the content: the mailbox may not exist, or the sender may not be allowed " +
      "to send from `mail.from`. The server's log has its whole answer.",
  ),
  "mail.unavailable": problem(
    502,
    "The mail server did not take the message now ({reason}).",
    "Jobs try again. If it stays so: `portico doctor`, then `mail.host`, `mail.port`, `mail.security`, `mail.user` and " +
      "`mail.password`. The server's log has the reason.",
  ),
  "mail.notSetUp": problem(
    409,
    "This installation cannot send mail yet: set mail.host and mail.from.",
    "In development mail goes to the folder `outbox` of the data folder; in production an SMTP server is needed.",
  ),
  "mail.badAddress": problem(
    422,
    "The receiver is no mail address; give one address such as ada@example.com, without a name.",
  ),
  "mail.badValues": problem(
    422,
    "The mail '{template}' cannot be written: {what}.",
    "`link` must be an http or https URL of at most 2,000 characters.",
  ),
  "mail.badSettings": problem(500, "The mail settings cannot be used: {what}."),
  "mail.badTemplate": problem(
    500,
    "The mail template {file} cannot be used: {what}.",
    "A text begins with a line `Subject: …` and an empty line. Placeholders are written `{{name}}`.",
  ),
} as const;

/** Makes problems `mail.*`. */
export const raise: Raise<typeof mailErrors> = raiser(mailErrors);
