import { add, definePlugin, Limiters } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { createTestApp } from "portico/testing";
import type { TestApp } from "portico/testing";
import { gateway } from "./plugin.ts";

/** A listening server that fronts one API. */
export type FrontingApp = TestApp & AsyncDisposable & { readonly url: string };

/** Puts a server in front of an upstream; `api` adds to the API's settings, `settings` to the gateway's; with who watches it. */
export async function fronting(
  upstream: { readonly url: string },
  api: Record<string, unknown> = {},
  {
    observers = [],
    ...settings
  }: Record<string, unknown> & { readonly observers?: readonly AnyPlugin[] } = {},
): Promise<FrontingApp> {
  const apis = [{ id: "shop", upstream: upstream.url, ...api }];
  const app = await createTestApp({
    plugins: [plainLimits(), gateway(), ...observers],
    settings: { gateway: { apis, ...settings } },
  });
  const { url } = await app.listen("127.0.0.1", 0);
  return Object.assign(app, { url, [Symbol.asyncDispose]: () => app.stop(1_000) });
}

/** Counts calls and never forgets: rates of a test are used up once. */
function plainLimits(): AnyPlugin {
  const used = new Map<string, number>();
  return definePlugin({
    id: "plainlimits",
    version: "1.0.0",
    engine: "^1",
    contributes: [
      add(Limiters, {
        take: ({ caller, place }) => {
          const { id = "", limits: [spec = 1] = [] } = place ?? {};
          const policy = `${typeof spec === "number" ? spec : 1}/min`;
          const limit = Number.parseInt(policy, 10);
          const key = `${id} ${caller.subject}`;
          const count = used.get(key) ?? 0;
          const allowed = count < limit;
          if (allowed) used.set(key, count + 1);
          const remaining = allowed ? limit - count - 1 : 0;
          return { allowed, policy, limit, windowMs: 60_000, remaining, resetMs: 30_000 };
        },
      }),
    ],
  });
}
