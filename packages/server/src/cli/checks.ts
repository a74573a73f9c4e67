import { chmodSync, existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import type { AnyPlugin, Check, CheckResult } from "../kernel/contract/index.ts";
import { Checks } from "../kernel/contract/index.ts";
import type { Server } from "../platform.ts";
import type { NamedCheck } from "./platform-door.ts";

const CHECK_MS = 5_000;
const LATENCY_WARN_MS = 250;
const FREE_WARN_BYTES = 1_000_000_000;
const FREE_FAIL_BYTES = 100_000_000;

type OwnCheck = (server: Server) => CheckResult | Promise<CheckResult>;

async function database({ spine }: Server): Promise<CheckResult> {
  const { driver } = spine.hub;
  const start = performance.now();
  await driver.query({ sql: "select 1 as one", parameters: [] });
  const latencyMs = Math.round(performance.now() - start);
  const detail = `${driver.dialect} answers in ${latencyMs} ms`;
  if (latencyMs < LATENCY_WARN_MS) return { status: "ok", detail, latencyMs };
  return { status: "warn", detail, latencyMs, fix: "Look at the load of the disk or the network." };
}

async function disk({ folder }: Server): Promise<CheckResult> {
  if (folder === undefined) return { status: "warn", detail: "everything is kept in memory" };
  const { bavail, bsize } = await statfs(folder.folder);
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB free at ${folder.folder}`;
  const fix = "Free space on this volume, or move the data folder (PORTICO_DATA).";
  if (free < FREE_FAIL_BYTES) return { status: "fail", detail, fix };
  return free < FREE_WARN_BYTES ? { status: "warn", detail, fix } : { status: "ok", detail };
}

/** What of the data folder others than its user can read. */
function readableByOthers({ folder }: Server): readonly string[] {
  if (folder === undefined) return [];
  return [folder.folder, folder.keyring].filter(
    (path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0,
  );
}

function privacy(server: Server): CheckResult {
  if (server.folder === undefined || process.platform === "win32") {
    return { status: "ok", detail: "nothing on disk to protect" };
  }
  const open = readableByOthers(server);
  if (open.length === 0) return { status: "ok", detail: "only this user can read the data folder" };
  const fix = `chmod -R go= ${open.join(" ")}`;
  return { status: "fail", detail: `others can read ${open.join(" and ")}`, fix };
}

function publicUrl({ config }: Server): CheckResult {
  const { publicUrl, host } = config.server;
  const isLocal = ["127.0.0.1", "::1", "localhost"].includes(host);
  if (publicUrl === undefined) {
    const fix = "Set server.publicUrl or PORTICO_SERVER_PUBLIC_URL to where callers reach it.";
    const detail = "server.publicUrl is not set";
    return isLocal
      ? { status: "ok", detail: `${detail}; it listens on ${host} only` }
      : { status: "warn", detail, fix };
  }
  if (publicUrl.startsWith("https://")) return { status: "ok", detail: publicUrl };
  const fix = "Serve it through TLS and begin server.publicUrl with https://.";
  return isLocal ? { status: "ok", detail: publicUrl } : { status: "warn", detail: publicUrl, fix };
}

function outbound({ config }: Server): CheckResult {
  const { allow } = config.outbound;
  if (allow.length === 0) return { status: "ok", detail: "only public addresses can be called" };
  const detail = `calls may reach ${allow.join(", ")}`;
  return { status: "warn", detail, fix: "Take from outbound.allow what no webhook needs." };
}

const OWN: Readonly<Record<string, OwnCheck>> = {
  "database.reachable": database,
  "data.disk": disk,
  "data.private": privacy,
  "server.publicUrl": publicUrl,
  "outbound.allowed": outbound,
  "runtime.node": () => ({ status: "ok", detail: `node ${process.versions.node}` }),
};

/** What can be put right without a decision of the operator's. */
const REPAIRS: Readonly<Record<string, (server: Server) => void>> = {
  "data.private": (server) => {
    for (const path of readableByOthers(server)) chmodSync(path, statSync(path).mode & 0o700);
  },
};

/** Puts right what one check has found; false when that is not for a program to do. */
export function repair(server: Server, id: string): boolean {
  const run = REPAIRS[id];
  run?.(server);
  return run !== undefined;
}

async function settled(
  id: string,
  run: () => CheckResult | Promise<CheckResult>,
): Promise<NamedCheck> {
  const late = new Promise<CheckResult>((done) => {
    setTimeout(
      () => done({ status: "fail", detail: `no answer within ${CHECK_MS} ms` }),
      CHECK_MS,
    ).unref();
  });
  try {
    const result = await Promise.race([run(), late]);
    const isFixable = result.status !== "ok" && id in REPAIRS;
    return { id, ...result, ...(isFixable ? { isFixable } : {}) };
  } catch (error) {
    return { id, status: "fail", detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Every check of the kernel and of the plugins, at the same time, each within 5 s. */
export async function runChecks(
  server: Server,
  plugins: readonly AnyPlugin[],
): Promise<readonly NamedCheck[]> {
  const own = Object.entries(OWN).map(([id, run]) => settled(id, () => run(server)));
  const contributed = [...plugins, ...server.config.plugins].flatMap((plugin) =>
    (plugin.contributes ?? [])
      .filter(({ point }) => point === Checks.id)
      .map(({ value }) => {
        // The point's id names the type of what was added to it.
        const check = value as Check;
        return settled(`${plugin.id}.${check.id}`, () => check.run(server.context(plugin.id)));
      }),
  );
  return Promise.all([...own, ...contributed]);
}
