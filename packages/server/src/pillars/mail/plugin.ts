import { resolve } from "node:path";
import { add, Checks, definePlugin, provide } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { Mail } from "./capability.ts";
import { mailCheck } from "./check.ts";
import { mailErrors } from "./errors.ts";
import { createMailer, OwnMailer } from "./mailer.ts";
import { testMail } from "./operations/test-mail.ts";
import { mailPermissions } from "./permissions.ts";
import { MailSettings } from "./settings.ts";
import { readTemplates } from "./templates/index.ts";
import { chooseTransport } from "./transports/index.ts";

/**
 * Mail to people, by SMTP or into a folder.
 *
 * @example
 * export default defineConfig({
 *   settings: { mail: { host: "smtp.example.com", from: "no-reply@example.com" } },
 * });
 */
export const mail: AnyPlugin = definePlugin({
  id: "mail",
  version: "1.0.0",
  engine: "^1",
  settings: MailSettings,
  permissions: mailPermissions,
  errors: mailErrors,
  operations: [testMail],
  contributes: [add(Checks, mailCheck)],
  provides: [Mail, OwnMailer],
  start: async (ctx) => {
    const { settings, server } = ctx;
    const folder =
      settings.templates === undefined
        ? undefined
        : resolve(server.configFolder, settings.templates);
    const templates = readTemplates(folder);
    const mailer = createMailer(ctx, { transport: chooseTransport(ctx), templates });
    return { provides: [provide(Mail, mailer), provide(OwnMailer, mailer)] };
  },
});
