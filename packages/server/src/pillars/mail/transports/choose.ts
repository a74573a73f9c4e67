import { join } from "node:path";
import type { PluginContext } from "portico/kernel";
import { raise } from "../errors.ts";
import type { MailSettings } from "../settings.ts";
import { outboxTransport } from "./outbox.ts";
import { smtpTransport } from "./smtp.ts";
import type { Transport } from "./transport.ts";

/** The transport that the settings mean. Throws `mail.badSettings` for those that contradict each other. */
export function chooseTransport(ctx: PluginContext<MailSettings>): Transport {
  const kind = ctx.settings.transport ?? usualTransport(ctx);
  switch (kind) {
    case "smtp":
      return smtp(ctx);
    case "outbox":
      return outbox(ctx);
    case "console":
      return console(ctx);
    case "none":
      return none;
  }
}

const none: Transport = {
  kind: "none",
  deliver: () => Promise.reject(raise("mail.notSetUp")),
};

function usualTransport({ settings, server }: PluginContext<MailSettings>): Transport["kind"] {
  if (settings.host !== undefined) return "smtp";
  if (server.mode === "production") return "none";
  return server.dataFolder === undefined ? "console" : "outbox";
}

function smtp(ctx: PluginContext<MailSettings>): Transport {
  const { host, from } = ctx.settings;
  if (host === undefined) throw bad("mail.transport is smtp, and mail.host is not set");
  if (from === undefined) throw bad("mail.host is set, and mail.from is not");
  return smtpTransport(ctx, host);
}

function outbox({ server }: PluginContext): Transport {
  if (server.dataFolder === undefined) throw bad("mail.transport is outbox without a data folder");
  return outboxTransport(join(server.dataFolder, "outbox"));
}

function console({ server, logger }: PluginContext): Transport {
  // The links of a mail are secrets, and logs are read by many.
  if (server.mode === "production") throw bad("mail.transport is console, and this is production");
  return {
    kind: "console",
    deliver: ({ to, subject, text }) => {
      logger.info({ to, subject, text }, "mail");
      return Promise.resolve();
    },
  };
}

function bad(what: string): Error {
  return raise("mail.badSettings", { params: { what } });
}
