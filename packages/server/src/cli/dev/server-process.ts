import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { DEV_ROLE } from "./messages.ts";
import type { Checked, FromServer, FromSupervisor, Reloaded } from "./messages.ts";

/** Whether it is the first of this command, or may take the place of one that runs. */
export type DevRole = "first" | "candidate";

const MAIN = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url),
);
/** Streams that never end are cut after this; nothing accepted is lost by it. */
const STOP_MS = 3_000;

/** One server in a process of its own. */
export interface ServerProcess {
  /** What it found of itself; undefined when it ended before, having told why on stderr. */
  readonly checked: Promise<Checked | undefined>;
  /** Files that it has read, when it is not in order. */
  readonly broken: Promise<readonly string[]>;
  /** True once it takes requests; false when it ended before. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<number>;
  go(url: string): void;
  take(socket: Socket): void;
  reload(gateway: unknown): Promise<Reloaded | undefined>;
  /** Lets it finish what is under way, 3 s at most, and settles with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

/** Starts this very command again, as a server under supervision. */
export function startServerProcess(role: DevRole): ServerProcess {
  const child = fork(MAIN, process.argv.slice(2), {
    env: { ...process.env, [DEV_ROLE]: role },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    // Out of the terminal's group: Ctrl-C reaches the supervisor, which lets the server finish.
    detached: true,
  });
  const ended = new Promise<number>((done) => {
    child.once("exit", (code, signal) => done(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
  const first = <TType extends FromServer["type"]>(type: TType) => firstMessage(child, ended, type);
  return {
    checked: first("checked"),
    broken: first("broken").then((message) => message?.code ?? []),
    ready: first("ready").then((message) => message !== undefined),
    ended,
    go: (url) => tell(child, { type: "go", url }),
    take: (socket) => {
      if (child.connected) child.send({ type: "connection" }, socket);
      else socket.destroy();
    },
    reload: async (gateway) => {
      const answer = Promise.race([first("reloaded"), first("refused"), first("unable")]);
      tell(child, { type: "reload", gateway });
      return await answer;
    },
    stop: async (signal = "SIGTERM") => {
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      const code = await ended;
      clearTimeout(timer);
      return code;
    },
  };
}

function tell(child: ChildProcess, message: FromSupervisor): void {
  if (child.connected) child.send(message);
}

function firstMessage<TType extends FromServer["type"]>(
  child: ChildProcess,
  ended: Promise<number>,
  type: TType,
): Promise<Extract<FromServer, { type: TType }> | undefined> {
  return new Promise((done) => {
    // Only our own code answers on this channel.
    const listen = (message: unknown): void => {
      const told = message as FromServer;
      if (told.type !== type) return;
      child.off("message", listen);
      done(told as Extract<FromServer, { type: TType }>);
    };
    child.on("message", listen);
    void ended.then(() => done(undefined));
  });
}
