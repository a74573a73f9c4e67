import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../tests/chaos/server-process.ts";
import { listening } from "./proxies.ts";

/** A Redis of this run alone. */
export interface PrivateRedis extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** How often its file is synced: once a second loses up to a second of what was accepted, `always` nothing. */
export type Fsync = "everysec" | "always";

/** Starts the `redis-server` of the PATH with an append-only file in a fresh folder; undefined when there is none. */
export async function startRedis(fsync: Fsync): Promise<PrivateRedis | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "portico-bench-redis-"));
  const port = await freePort();
  const settings = Object.entries({
    port: String(port),
    bind: "127.0.0.1",
    dir: folder,
    appendonly: "yes",
    appendfsync: fsync,
    save: "",
    loglevel: "warning",
  }).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn("redis-server", settings, { stdio: "ignore" });
  const stop = (): boolean => child.kill("SIGKILL");
  process.once("exit", stop);
  const dispose = async (): Promise<void> => {
    process.off("exit", stop);
    if (child.pid !== undefined && child.exitCode === null && stop()) await once(child, "close");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await once(child, "spawn");
  } catch {
    // Not in the PATH.
    await dispose();
    return undefined;
  }
  await listening(port);
  return { port, pid: child.pid ?? 0, [Symbol.asyncDispose]: dispose };
}
