import { Type } from "typebox";
import type { Static } from "typebox";
import { secret } from "portico/kernel";

/** What an operator can set: `mail: { host: "smtp.example.com", from: "no-reply@example.com" }`. */
export const MailSettings = Type.Object({
  transport: Type.Optional(
    Type.Union(
      [Type.Literal("smtp"), Type.Literal("outbox"), Type.Literal("console"), Type.Literal("none")],
      {
        description:
          "How mail leaves. Left out: `smtp` where a host is set; else `outbox` in development, `none` in production.",
      },
    ),
  ),
  host: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 253,
      pattern: "^[A-Za-z0-9_.:-]+$",
      description: "Name or address of the SMTP server.",
    }),
  ),
  port: Type.Integer({
    minimum: 1,
    maximum: 65_535,
    default: 587,
    description: "Its port: 587 for STARTTLS, 465 for TLS from the first byte.",
  }),
  security: Type.Union([Type.Literal("starttls"), Type.Literal("tls"), Type.Literal("none")], {
    default: "starttls",
    description:
      "`starttls` sends nothing to a server that does not offer it; `none` sends everything readable, for a server on the same machine.",
  }),
  user: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: "User name at the SMTP server." }),
  ),
  password: Type.Optional(
    secret("whole", { minLength: 1, maxLength: 1_024, description: "Password of that user." }),
  ),
  from: Type.Optional(
    Type.String({
      maxLength: 254,
      pattern: '^[^\\s@"<>(),:;\\\\[\\]]{1,64}@[^\\s@"<>(),:;\\\\[\\]]{1,253}$',
      description: "Sender's address of all mail. Needed for `smtp`.",
    }),
  ),
  fromName: Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: "^[^\\x00-\\x1f\\x7f]+$",
    default: "Portico",
    description: "Sender's name, and what mails call the application.",
  }),
  connectTimeoutMs: Type.Integer({
    minimum: 100,
    maximum: 60_000,
    default: 5_000,
    description: "Milliseconds until the SMTP server must have greeted.",
  }),
  timeoutMs: Type.Integer({
    minimum: 100,
    maximum: 25_000,
    default: 20_000,
    description: "Milliseconds for one message altogether.",
  }),
  templates: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1_000,
      description:
        "Folder of texts that replace the built-in ones, such as `verifyEmail.txt`, `verifyEmail.de.html`.",
    }),
  ),
});

/** The settings as the kernel has accepted them. */
export type MailSettings = Static<typeof MailSettings>;
