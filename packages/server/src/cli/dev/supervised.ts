import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { extname, join, resolve } from "node:path";
import { isProblem } from "../../base/index.ts";
import { printConfig } from "../../kernel/config/index.ts";
import type { LoadedConfig, ResolvedConfig } from "../../kernel/config/index.ts";
import type { Server } from "../../platform.ts";
import type { PlatformDoor } from "../platform-door.ts";
import type { Globals } from "../terminal.ts";
import type { Checked, FromServer, FromSupervisor } from "./messages.ts";
import { reloadGateway } from "./reload-gateway.ts";

const CONFIG_NAMES = ["ts", "js", "mjs", "json"].map((end) => `portico.config.${end}`);
const DOCUMENTS = new Set([".json", ".yaml", ".yml"]);
const MODULES = new Set([".ts", ".js", ".mjs"]);

function tell(message: FromServer): void {
  process.send?.(message);
}

/** What the supervisor wants to know before anything is opened. */
export function checkedOf(
  loaded: LoadedConfig,
  platform: PlatformDoor,
  { globals, imported }: { readonly globals: Globals; readonly imported: readonly string[] },
): Checked {
  const { config, file } = loaded;
  const { gateway, ...others } = config.settings;
  const rest = { ...config, settings: others };
  const named = filesIn(gateway, globals.cwd);
  const modules = named.filter((one) => MODULES.has(extname(one)));
  const settingsFiles = [
    ...(file === undefined ? [] : [file]),
    ...[...CONFIG_NAMES, ".env", ".env.local"].map((name) => join(globals.cwd, name)),
  ];
  const code = [...imported, ...modules].filter((one) => !settingsFiles.includes(one));
  return {
    type: "checked",
    host: config.server.host,
    port: config.server.port,
    settings: printConfig(loaded, platform.plugins),
    stamp: createHash("sha256").update(textOf(rest)).digest("hex"),
    gateway: isJson(gateway) ? gateway : undefined,
    settingsFiles: [...new Set(settingsFiles)],
    code: [...new Set(code)],
    documents: named.filter((one) => DOCUMENTS.has(extname(one))),
  };
}

/** All of a value, functions by their source: a plugin may be written in the configuration itself. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value, (_key, one: unknown) =>
      typeof one === "function" ? String(one) : one,
    );
  } catch {
    // Rings and big integers have no text; then nothing is equal, and the server is started anew.
    return randomUUID();
  }
}

/** Tells what was read before it turned out not to be in order. */
export function tellBroken(code: readonly string[]): void {
  tell({ type: "broken", code });
}

/** Files that settings name, whatever the setting is called: what is there and ends like a document or a module. */
function filesIn(value: unknown, cwd: string): readonly string[] {
  if (typeof value === "string") {
    const ends = extname(value);
    if (!DOCUMENTS.has(ends) && !MODULES.has(ends)) return [];
    const file = resolve(cwd, value);
    return existsSync(file) ? [file] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((one) => filesIn(one, cwd));
}

/** False for settings that hold functions, which no message can carry. */
function isJson(value: unknown): boolean {
  if (typeof value === "function") return false;
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isJson);
}

/**
 * Finds what would keep the server from starting, without touching what the running one holds: everything is assembled
 * in memory, and the pillars are started on the settings. Plugins of the configuration are assembled but not started:
 * they may open what the running server has open. Throws what is wrong.
 */
export async function tryOut(platform: PlatformDoor, config: ResolvedConfig): Promise<void> {
  const { url: _url, ...database } = config.database;
  const memory: ResolvedConfig = {
    ...config,
    data: ":memory:",
    database,
    log: { ...config.log, level: "silent" },
  };
  const whole = await platform.assemble(memory);
  await whole.stop();
  const pillars = await platform.assemble({ ...memory, plugins: [] });
  try {
    await pillars.start({ work: false });
  } catch (error) {
    // What the supervisor's reader wants is the reason, not that a plugin failed to start.
    throw isProblem(error) && isProblem(error.cause) ? error.cause : error;
  } finally {
    await pillars.stop();
  }
}

/** Tells what was found, and waits until the supervisor says to go. Answers where callers reach the server. */
export async function waitToGo(checked: Checked): Promise<string> {
  const url = new Promise<string>((done) => {
    const listen = (message: FromSupervisor): void => {
      if (message.type !== "go") return;
      process.off("message", listen);
      done(message.url);
    };
    process.on("message", listen);
  });
  // Whoever gave the command is gone: nobody would ever end this process.
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  tell(checked);
  return await url;
}

/** From now on takes the connections and reloads that the supervisor sends. */
export function obey(server: Server): void {
  process.on("message", (message: FromSupervisor, socket: Socket | undefined) => {
    // Undefined when the caller has gone on the way here.
    if (message.type === "connection" && socket !== undefined) server.http.take(socket);
    if (message.type === "reload") {
      void reloadGateway(server, message.gateway).then(tell);
    }
  });
  tell({ type: "ready" });
}
