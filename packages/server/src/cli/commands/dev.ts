import { resolve } from "node:path";
import type { ResolvedConfig } from "../../kernel/config/index.ts";
import type { CliOutput } from "../../kernel/contract/index.ts";
import type { Server } from "../../platform.ts";
import { readConfiguration } from "../configuration.ts";
import { noteLoadedFiles } from "../dev/loaded-files.ts";
import { DEV_ROLE } from "../dev/messages.ts";
import type { Checked } from "../dev/messages.ts";
import { checkedOf, obey, tellBroken, tryOut, waitToGo } from "../dev/supervised.ts";
import { Supervisor } from "../dev/supervisor.ts";
import { raise } from "../errors.ts";
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
  readonly openapi?: string;
}

/**
 * Without a document every path is the application's, and Portico's surface moves out of the way. With one its paths are
 * known: what the two share is refused with both names.
 */
function devFlags(options: DevOptions, { cwd }: Globals): Record<string, unknown> {
  const { upstream, openapi } = options;
  if (upstream === undefined) {
    if (openapi === undefined) return serverFlags(options);
    const what = "--openapi describes the application that --upstream names.";
    throw raise("cli.usage", { params: { what, help: "portico dev --help" } });
  }
  const api = { id: "app", upstream };
  if (openapi === undefined) {
    return {
      ...serverFlags(options),
      "gateway.apis": [api],
      "server.basePath": "/_portico",
    };
  }
  return {
    ...serverFlags(options),
    "gateway.apis": [{ ...api, openapi: documentOf(cwd, openapi) }],
  };
}

function documentOf(cwd: string, openapi: string): string {
  return /^https?:/i.test(openapi) ? openapi : resolve(cwd, openapi);
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
    ["inbox", `${own}/dev/inbox`],
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

/** What is printed once the first server of the command takes requests. */
async function welcome(
  server: Server,
  url: string,
  { globals, options }: { readonly globals: Globals; readonly options: DevOptions },
): Promise<void> {
  process.stdout.write(`${addressBox(url, options, server)}\n`);
  hint(`outbound calls may reach ${LOOPBACK.join(" and ")} (development only)`, globals);
  const { basePath } = server.config.server;
  if (options.upstream !== undefined && basePath !== "") {
    hint(`Portico's own paths are below ${basePath}; all others go to your app`, globals);
  }
  const key = await firstKey(server);
  if (key === undefined) return;
  const own = `${url}${basePath}`;
  process.stdout.write(`\nroot key (shown this once): ${key}\n`);
  process.stdout.write(`try: curl -H "Authorization: Bearer ${key}" ${own}/api/v1/keys\n`);
  const body = JSON.stringify({ url: `${own}/dev/inbox`, events: ["*"] });
  const json = '-H "Content-Type: application/json"';
  process.stdout.write(
    `see a webhook in the inbox: curl -H "Authorization: Bearer ${key}" ${json} -d '${body}' ${own}/api/v1/webhooks\n`,
  );
}

interface Trial {
  readonly role: string;
  readonly options: DevOptions;
  readonly imported: () => readonly string[];
}

/** Reads the configuration, and finds what is wrong with it before anything is opened. */
async function tried(
  platform: PlatformDoor,
  globals: Globals,
  { role, options, imported }: Trial,
): Promise<{ readonly config: ResolvedConfig; readonly checked: Checked }> {
  const { plugins } = platform;
  try {
    const flags = devFlags(options, globals);
    const loaded = await readConfiguration(globals, { mode: "development", flags, plugins });
    const config = withLoopback(loaded.config);
    if (role === "candidate") await tryOut(platform, config);
    return { config, checked: checkedOf(loaded, platform, { globals, imported: imported() }) };
  } catch (error) {
    tellBroken(imported());
    throw error;
  }
}

/** A server under the supervisor: it listens on a port of its own, and is sent the connections of the known one. */
async function serveSupervised(
  platform: PlatformDoor,
  globals: Globals,
  { role, options }: { readonly role: string; readonly options: DevOptions },
): Promise<number> {
  const imported = noteLoadedFiles();
  const { config, checked } = await tried(platform, globals, { role, options, imported });
  const url = await waitToGo(checked);
  const { server } = config;
  const behind = { ...server, host: "127.0.0.1", port: 0, publicUrl: server.publicUrl ?? url };
  const whenServing = async (running: Server): Promise<void> => {
    if (role === "first") await welcome(running, url, { globals, options });
    obey(running);
  };
  // Who stops it is the supervisor, which says so.
  const quiet = { ...globals, quiet: true };
  return runServer(platform, { ...config, server: behind }, { globals: quiet, whenServing });
}

/**
 * `portico dev [--upstream URL [--openapi file]]`: a server for development on this machine, with its URLs and a first
 * key. What changes in the configuration, its plugins and documents is told and taken over; what is not in order is
 * told, and the server goes on as it was.
 */
export async function dev(
  platform: () => Promise<PlatformDoor>,
  globals: Globals,
  options: DevOptions,
): Promise<number> {
  const role = process.env[DEV_ROLE];
  // The supervisor loads neither pillars nor drivers.
  if (role === undefined) return await new Supervisor(globals).run();
  return await serveSupervised(await platform(), globals, { role, options });
}
