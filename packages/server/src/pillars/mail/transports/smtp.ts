import type { SMTPTransportOptions } from "nodemailer";
import type { PluginContext } from "portico/kernel";
import { raise } from "../errors.ts";
import { toNodemailer } from "../message.ts";
import type { MailSettings } from "../settings.ts";
import type { Transport } from "./transport.ts";

/** Commands whose 5xx is about this message: sender, receiver, content (RFC 5321 §4.2.1). */
const ABOUT_MESSAGE = new Set(["EENVELOPE", "EMESSAGE"]);

/** What nodemailer says of a failure. */
interface SmtpFailure {
  readonly code?: unknown;
  readonly response?: unknown;
  readonly responseCode?: unknown;
}

/** Mail by an SMTP server of the operator's. A connection for each message: they are few, and nothing is left open. */
export function smtpTransport(ctx: PluginContext<MailSettings>, host: string): Transport {
  const options = optionsOf(ctx.settings, host);
  return {
    kind: "smtp",
    deliver: async (written) => {
      // Loaded by the first mail: a server that sends none never pays for it.
      const { createTransport } = await import("nodemailer");
      const timer = new AbortController();
      const cancel = ctx.clock.after(ctx.settings.timeoutMs, () => timer.abort());
      try {
        const message = { ...toNodemailer(written), signal: timer.signal };
        await createTransport(options).sendMail(message);
      } catch (cause) {
        throw problemOf(cause, timer.signal.aborted);
      } finally {
        cancel();
      }
    },
  };
}

function optionsOf(settings: MailSettings, host: string): SMTPTransportOptions {
  const { port, security, user, password, connectTimeoutMs, timeoutMs } = settings;
  return {
    host,
    port,
    secure: security === "tls",
    // Never "if it is offered": whoever sits between could take the offer away, and read password and links.
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(user === undefined ? {} : { auth: { user, pass: password ?? "" }, forceAuth: true }),
    connectionTimeout: connectTimeoutMs,
    dnsTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function problemOf(cause: unknown, isLate: boolean): Error {
  const { code, response, responseCode } = (
    typeof cause === "object" && cause !== null ? cause : {}
  ) as SmtpFailure;
  const internal = typeof response === "string" ? response.slice(0, 500) : String(cause);
  const status = typeof responseCode === "number" ? responseCode : undefined;
  const word = typeof code === "string" ? code : "unknown";
  if (status !== undefined && status >= 500 && ABOUT_MESSAGE.has(word)) {
    const reply = replyOf(status, response);
    return raise("mail.refused", { params: { reply }, internal, cause });
  }
  const reason = isLate ? "no answer in time" : (status ?? word);
  return raise("mail.unavailable", { params: { reason }, internal, cause });
}

/** Reply code and enhanced code (RFC 3463), without the server's words: they tend to repeat the address. */
function replyOf(status: number, response: unknown): string {
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(String(response))?.[1];
  return enhanced === undefined ? String(status) : `${status} ${enhanced}`;
}
