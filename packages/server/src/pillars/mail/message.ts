import { Buffer } from "node:buffer";
import type { SendMailOptions } from "nodemailer";
import { sha256 } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import type { MailMessage } from "./capability.ts";
import { raise } from "./errors.ts";
import type { MailSettings } from "./settings.ts";
import { builtInTemplates, fillTemplate } from "./templates/index.ts";
import type { FilledTemplate, MailTemplate, Templates } from "./templates/index.ts";

/** A message as a transport is given it. */
export interface Written extends FilledTemplate {
  /** Unique part of its Message-ID. */
  readonly id: string;
  readonly template: MailTemplate;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
}

// One mailbox of RFC 5321 without quoting and comments: nothing in it can end a header field or name a second one.
const ADDRESS = /^[^\s@"<>(),:;\\[\]\p{Cc}\p{Cf}]{1,64}@[^\s@"<>(),:;\\[\]\p{Cc}\p{Cf}]{1,253}$/u;
const ADDRESS_MAX = 254;
/** Where there is no sender: in development, in which nothing leaves the machine. */
const NOBODY = "portico@localhost";

/** Writes a message. Throws `mail.badAddress`, `mail.badValues`. */
export function writeMessage(
  message: MailMessage,
  { ctx, templates }: { readonly ctx: PluginContext<MailSettings>; readonly templates: Templates },
): Written {
  const { to, template, values, locale, id } = message;
  if (to.length > ADDRESS_MAX || !ADDRESS.test(to)) throw raise("mail.badAddress");
  if (!Object.hasOwn(builtInTemplates, template)) {
    throw raise("mail.badValues", { params: { template, what: "there is no such template" } });
  }
  const { from = NOBODY, fromName } = ctx.settings;
  const product = fromName;
  return {
    ...fillTemplate(templates(template, locale), { ...values, product }, template),
    id:
      id === undefined ? ctx.makeId("mail") : Buffer.from(sha256(id)).toString("hex").slice(0, 32),
    from: { name: fromName, address: from },
    template,
    to,
    at: ctx.clock.now(),
  };
}

/** The same for nodemailer, which is given neither files nor URLs to open. */
export function toNodemailer(written: Written): SendMailOptions {
  const { id, from, to, subject, text, html, at } = written;
  return {
    from,
    to: { name: "", address: to },
    envelope: { from: from.address, to: [to] },
    subject,
    text,
    html,
    date: new Date(at),
    messageId: `<${id}@${from.address.slice(from.address.lastIndexOf("@") + 1)}>`,
    // RFC 3834: no out-of-office reply is wanted.
    headers: { "Auto-Submitted": "auto-generated" },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
