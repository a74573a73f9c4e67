import type { ResolvedConfig } from "../../kernel/config/index.ts";
import type { CliOutput } from "../../kernel/contract/index.ts";
import type { Server } from "../../platform.ts";
import { readConfiguration } from "../configuration.ts";
import type { PlatformDoor } from "../platform-door.ts";
import { runVerb } from "../tasks.ts";
import { hint, table } from "../terminal.ts";
import type { Globals } from "../terminal.ts";
import { runServer, serverFlags } from "./start.ts";
import type { StartOptions } from "./start.ts";

const LOOPBACK = ["127.0.0.0/8", "::1/128"];

/** What `portico dev` may be told. */
export interface DevOptions extends StartOptions {
  readonly upstream?: string;
}

/** The application's own paths come first: Portico's surface moves out of their way. */
function devFlags(options: DevOptions): Record<string, unknown> {
  const { upstream } = options;
  if (upstream === undefined) return serverFlags(options);
  return {
    ...serverFlags(options),
    "gateway.apis": [{ id: "app", upstream }],
    "server.basePath": "/_portico",
  };
}

function withLoopback(config: ResolvedConfig): ResolvedConfig {
  const allow = [...new Set([...config.outbound.allow, ...LOOPBACK])];
  return { ...config, outbound: { ...config.outbound, allow } };
}

function addressBox(url: string, options: DevOptions, server: Server): string {
  const own = `${url}${server.config.server.basePath}`;
  const rows = [
    ...(options.upstream === undefined ? [] : [["your app", `${url}  →  ${options.upstream}`]]),
    ["API", `${own}/api/v1`],
    ["docs", `${own}/docs`],
    ["health", `${own}/health`],
    ["data", server.config.data],
  ];
  const body = table(rows).split("\n");
  const width = Math.max(...body.map((line) => line.length));
  const edge = "─".repeat(width + 2);
  const inside = body.map((line) => `│ ${line.padEnd(width)} │`);
  return [`┌${edge}┐`, ...inside, `└${edge}┘`].join("\n");
}

function keysIn(output: CliOutput): number | undefined {
  const { data } = output;
  const isList = typeof data === "object" && data !== null && "data" in data;
  return isList && Array.isArray(data.data) ? data.data.length : undefined;
}

/** The first start makes a root key and prints it, this once; without the keys pillar there is none to make. */
async function firstKey(server: Server): Promise<string | undefined> {
  const hasVerb = server.cliVerbs().some(({ verb }) => verb.noun === "keys");
  if (!hasVerb) return undefined;
  const call = (verb: string, options: Record<string, string | boolean>) =>
    runVerb(server, { noun: "keys", verb, input: { arguments: {}, options } });
  const organization = server.config.organization;
  if (keysIn(await call("list", { organization })) !== 0) return undefined;
  const made = await call("create", { root: true, name: "first", organization });
  return made.text;
}

/** `portico dev [--upstream URL]`: a server for development on this machine, with its URLs and a first key. */
export async function dev(
  platform: PlatformDoor,
  globals: Globals,
  options: DevOptions,
): Promise<number> {
  const { plugins } = platform;
  const flags = devFlags(options);
  const loaded = await readConfiguration(globals, { mode: "development", flags, plugins });
  return runServer(platform, withLoopback(loaded.config), {
    globals,
    whenServing: async (server, url) => {
      process.stdout.write(`${addressBox(url, options, server)}\n`);
      hint(`outbound calls may reach ${LOOPBACK.join(" and ")} (development only)`, globals);
      if (options.upstream !== undefined) {
        hint("Portico's own paths are below /_portico; all others go to your app", globals);
      }
      const key = await firstKey(server);
      if (key === undefined) return;
      const own = `${url}${server.config.server.basePath}`;
      process.stdout.write(`\nroot key (shown this once): ${key}\n`);
      process.stdout.write(`try: curl -H "Authorization: Bearer ${key}" ${own}/api/v1/keys\n`);
    },
  });
}
