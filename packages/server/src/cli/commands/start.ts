import { serveControl } from "../../kernel/data/index.ts";
import type { ControlServer } from "../../kernel/data/index.ts";
import type { ResolvedConfig } from "../../kernel/config/index.ts";
import type { Server } from "../../platform.ts";
import { readConfiguration } from "../configuration.ts";
import { raise } from "../errors.ts";
import { STOP_MS, watchSignals } from "../life.ts";
import type { PlatformDoor } from "../platform-door.ts";
import { controlCommands, controlStreams } from "../tasks.ts";
import { hint } from "../terminal.ts";
import type { Globals } from "../terminal.ts";

/** What `portico start` may be told. */
export interface StartOptions {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
}

/** How a server is run. */
export interface RunOptions {
  readonly globals: Globals;
  readonly whenServing: WhenServing;
}

/** The flags as settings. */
export function serverFlags(options: StartOptions): Record<string, unknown> {
  const { port, host, data } = options;
  return { "server.port": port, "server.host": host, data };
}

const STOP_MIN_MS = 5_000;

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

async function drainAndStop(server: Server, control: ControlServer | undefined): Promise<void> {
  server.drain();
  const { shutdownDelayMs } = server.config.server;
  await new Promise((done) => setTimeout(done, shutdownDelayMs));
  await control?.close();
  // What the delay took is not there twice: else a stream without end would end the process before its database.
  await server.stop(Math.max(STOP_MIN_MS, STOP_MS - shutdownDelayMs));
}

/** What happens once the server takes requests. */
export type WhenServing = (server: Server, url: string) => Promise<void>;

async function bringUp(server: Server, platform: PlatformDoor): Promise<Serving> {
  await server.start();
  const context = { server, platform };
  const control =
    server.folder === undefined
      ? undefined
      : await serveControl(
          server.folder.controlSocket,
          controlCommands(context),
          controlStreams(context),
        );
  const { url } = await server.serve();
  return { url, control };
}

interface Serving {
  readonly url: string;
  readonly control: ControlServer | undefined;
}

/** Runs a server until a signal ends it, and returns the exit code. */
export async function runServer(
  platform: PlatformDoor,
  config: ResolvedConfig,
  { globals, whenServing }: RunOptions,
): Promise<number> {
  const signals = watchSignals((text) => hint(text, globals));
  const server = await platform.assemble(config);
  try {
    const { url, control } = await bringUp(server, platform);
    signals.live({ stop: () => drainAndStop(server, control) });
    // Nothing in this process brings it back: it ends as after any other crash, and its supervisor starts another.
    void server.lost.then((problem) => {
      throw problem;
    });
    await whenServing(server, url);
  } catch (error) {
    await server.stop();
    if (!isPortTaken(error)) throw error;
    throw raise("cli.portTaken", { params: { port: config.server.port }, cause: error });
  }
  return signals.ended;
}

/** `portico start`: the server for production; logs to stdout, ends on SIGTERM within 25 s. */
export async function start(
  platform: PlatformDoor,
  globals: Globals,
  options: StartOptions,
): Promise<number> {
  const { plugins } = platform;
  const flags = serverFlags(options);
  const { config } = await readConfiguration(globals, { mode: "production", flags, plugins });
  return runServer(platform, config, {
    globals,
    whenServing: async (server, url) => server.logger.info({ url }, `listening on ${url}`),
  });
}
