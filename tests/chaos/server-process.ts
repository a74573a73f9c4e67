import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../packages/server/src/cli/main.ts", import.meta.url));

/** How a server under test is run. */
export interface ServerOptions {
  /** Folder that holds `portico.config.json` and the data. */
  readonly folder: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Program of another installation; the source tree's when left out. */
  readonly cli?: string;
}

/** A running server that can be killed without a word. */
export interface ServerProcess {
  readonly pid: number;
  /** Milliseconds from spawn until `/readyz` answered 200. */
  readonly readyMs: number;
  /** SIGKILL, and wait until the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and wait; answers the exit code. */
  stop(): Promise<number | null>;
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new TypeError("no port was given");
  return address.port;
}

/** Runs a command of the CLI to its end. */
export async function runCli(
  args: readonly string[],
  options: Omit<ServerOptions, "port">,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawnCli(args, options);
  const output = collect(child);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output.text() };
}

/** Starts a server and waits until it is ready. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const startedAt = performance.now();
  const child = spawnCli(["start"], {
    ...options,
    env: { ...options.env, PORT: String(options.port), HOST: "127.0.0.1" },
  });
  const output = collect(child);
  const gone = once(child, "close") as Promise<[number | null]>;
  const url = `http://127.0.0.1:${options.port}/readyz`;
  while (!(await answers(url))) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server ended before it was ready: ${JSON.stringify(output.text())}`);
    }
    if (performance.now() - startedAt > 60_000) {
      child.kill("SIGKILL");
      throw new Error(`the server was not ready in 60 s: ${JSON.stringify(output.text())}`);
    }
    await sleep(15);
  }
  return {
    pid: child.pid ?? 0,
    readyMs: performance.now() - startedAt,
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = await gone;
      return code;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await reply.arrayBuffer();
    return reply.ok;
  } catch {
    // Not listening yet.
    return false;
  }
}

function spawnCli(
  args: readonly string[],
  { folder, env, cli = CLI }: Omit<ServerOptions, "port">,
): ChildProcess {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

/** Whatever ends this process, no server stays behind. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function collect(child: ChildProcess): { text(): { stdout: string; stderr: string } } {
  const kept = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk) => {
    kept.stdout = (kept.stdout + String(chunk)).slice(-65_536);
  });
  child.stderr?.on("data", (chunk) => {
    kept.stderr = (kept.stderr + String(chunk)).slice(-65_536);
  });
  return { text: () => ({ ...kept }) };
}
