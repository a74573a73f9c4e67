// A server for examples: all pillars, and a mailbox in place of the way out.
import { provide } from "../../packages/server/src/kernel/index.ts";
import type { AnyPlugin } from "../../packages/server/src/kernel/index.ts";
import { createTestApp, type TestApp } from "../../packages/server/src/kernel/testing/index.ts";
import { Mail } from "../../packages/server/src/pillars/mail/index.ts";
import { builtIns } from "../../packages/server/src/platform.ts";

const mailboxes = new WeakMap<TestApp, Map<string, string>>();

/** Starts one. */
export async function createExamplesApp(
  settings: Readonly<Record<string, unknown>> = {},
): Promise<TestApp> {
  const mailbox = new Map<string, string>();
  const plugins = builtIns().map((plugin) =>
    plugin.id === "mail" ? kept(plugin, mailbox) : plugin,
  );
  // Nobody is there: no example waits for a name server.
  const outboundLookup = (): Promise<readonly string[]> => Promise.resolve([]);
  const app = await createTestApp({ plugins, settings, outboundLookup });
  mailboxes.set(app, mailbox);
  return app;
}

/** Tokens of the newest link of each kind of mail, by template. */
export function mailedBy(app: TestApp): Readonly<Record<string, string>> {
  return Object.fromEntries(mailboxes.get(app) ?? []);
}

/** The pillar of mail, which keeps what it would send. */
function kept(mail: AnyPlugin, mailbox: Map<string, string>): AnyPlugin {
  return {
    ...mail,
    start: async (ctx) => {
      const started = (await mail.start?.(ctx)) ?? {};
      const mailer = provide(Mail, {
        send: ({ template, values: { link } }) => {
          const token = link === undefined ? null : new URL(link).searchParams.get("token");
          if (token !== null) mailbox.set(template, token);
          return Promise.resolve();
        },
      });
      // The later one of a capability is the one that is found.
      return { ...started, provides: [...(started.provides ?? []), mailer] };
    },
  };
}
