import { capability, isProblem } from "portico/kernel";
import type { CheckResult, PluginContext } from "portico/kernel";
import { isForGood } from "./capability.ts";
import type { MailFace, MailMessage } from "./capability.ts";
import { raise } from "./errors.ts";
import { writeMessage } from "./message.ts";
import type { MailSettings } from "./settings.ts";
import type { Templates } from "./templates/index.ts";
import type { Transport } from "./transports/index.ts";

/** The mail of one server. */
export interface Mailer extends MailFace {
  readonly kind: Transport["kind"];
  readonly health: () => CheckResult;
}

/** `mail.mailer@1`: the pillar's own, for its operations and checks. */
export const OwnMailer = capability<Mailer>("mail.mailer@1");

/** What a mailer is made of. */
export interface MailerParts {
  readonly transport: Transport;
  readonly templates: Templates;
}

/** Sends by a transport, counts, and remembers how it went last. */
export function createMailer(ctx: PluginContext<MailSettings>, parts: MailerParts): Mailer {
  const sent = ctx.meter.counter("mail_sent_total", "Mails that were taken", ["template"]);
  const failed = ctx.meter.counter("mail_failed_total", "Mails that were not taken", ["reason"]);
  const last: { failure?: string } = {};
  const deliver = async (message: MailMessage): Promise<void> => {
    const written = writeMessage(message, { ctx, templates: parts.templates });
    try {
      await parts.transport.deliver(written);
    } catch (cause) {
      // A full disk, in development: to the job it is one more thing that passes.
      throw isProblem(cause)
        ? cause
        : raise("mail.unavailable", { params: { reason: "transport" }, cause });
    }
  };
  return {
    kind: parts.transport.kind,
    send: async (message) => {
      try {
        await deliver(message);
        sent.add(1, { template: message.template });
        delete last.failure;
      } catch (err) {
        const reason = isProblem(err) ? err.code : "unknown";
        failed.add(1, { reason });
        if (!isForGood(err) || reason === "mail.notSetUp") last.failure = reason;
        ctx.logger.warn({ err, template: message.template }, "a mail was not taken");
        throw err;
      }
    },
    health: () => healthOf(parts.transport.kind, last.failure),
  };
}

/** Told to anybody who asks for `/health`: no address, no host. */
function healthOf(kind: Transport["kind"], failure: string | undefined): CheckResult {
  if (kind === "none") {
    return {
      // Whoever uses keys alone needs no mail; from the first one that could not be sent on, something is missing.
      status: failure === undefined ? "ok" : "warn",
      detail: "Mail is not set up: no confirmation, invitation or new password can be sent.",
      fix: "Set mail.host, mail.from, and mail.user with mail.password; then POST /mail/test.",
    };
  }
  if (failure !== undefined) {
    return {
      status: "warn",
      detail: `The last mail was not taken (${failure}); its job tries again.`,
      fix: "Look for 'a mail was not taken' in the server's log, and check the mail settings.",
    };
  }
  return { status: "ok", detail: `Mail goes by ${kind}.` };
}
