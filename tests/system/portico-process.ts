// A server as an operator runs it: a process of its own in a folder of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../packages/server/src/cli/main.ts", import.meta.url));

/** A folder for one installation, gone with its test. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a folder with files in it. */
export async function openFolder(files: Readonly<Record<string, string>> = {}): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "portico-system-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return {
    path, // A process that was just killed may still have a file on its way.
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** What a program said and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A program under way. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Settles with the match once it shows in what the program says on stdout; fails when it ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** The same on stderr; each match is given once, so that the next call waits for what comes after it. */
  tells(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** Starts any program; `await using` kills what is left of it. */
export function launch(
  command: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Running {
  const [program = "", ...words] = command;
  const { PATH, HOME } = process.env;
  const child = spawn(program, words, { cwd, env: { PATH, HOME, ...env }, stdio: "pipe" });
  const text = { out: "", err: "" };
  const heard = new EventTarget();
  const hear = (key: "out" | "err") => (chunk: Buffer) => {
    text[key] += chunk.toString();
    heard.dispatchEvent(new Event("heard"));
  };
  child.stdout.on("data", hear("out"));
  child.stderr.on("data", hear("err"));
  child.stdin.end();
  const ended = endOf(child).then((code) => ({ code, ...text }));
  let told = 0;
  const find = async (key: "out" | "err", pattern: RegExp): Promise<RegExpExecArray> => {
    for (let isGone = false; ;) {
      const found = pattern.exec(key === "err" ? text.err.slice(told) : text.out);
      if (found !== null) return found;
      if (isGone) throw new Error(`it ended without ${String(pattern)}: ${JSON.stringify(text)}`);
      isGone = await Promise.race([once(heard, "heard").then(() => false), ended.then(() => true)]);
    }
  };
  return {
    pid: child.pid ?? 0,
    says: (pattern) => find("out", pattern),
    tells: async (pattern) => {
      const found = await find("err", pattern);
      told += found.index + found[0].length;
      return found;
    },
    signal: (name) => void child.kill(name),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, "close")) as [number | null];
  return code;
}

/** Runs a command of the CLI to its end. */
export async function portico(
  folder: Folder,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  return await launch([process.execPath, MAIN, ...words], { cwd: folder.path, env }).ended;
}

/** A server that listens. */
export interface Serving extends Running {
  readonly url: string;
}

/** Starts `portico start` or `portico dev` on a free port and waits until it takes requests. */
export async function serve(
  folder: Folder,
  words: readonly string[] = ["start"],
  env: NodeJS.ProcessEnv = {},
): Promise<Serving> {
  const command = [process.execPath, MAIN, ...words, "--port", "0"];
  const running = launch(command, { cwd: folder.path, env });
  const [, url = ""] = await running.says(/(?:"url":"|API +)(http:\/\/127\.0\.0\.1:\d+)/);
  return { ...running, url };
}

/** Runs curl; answers what it wrote, the heads of answers first. */
export async function curl(...words: readonly string[]): Promise<string> {
  const command = ["curl", "-sS", "-i", "--max-time", "20", ...words];
  const { code, out, err } = await launch(command, { cwd: tmpdir() }).ended;
  if (code !== 0) throw new Error(`curl ${words.join(" ")} ended with ${String(code)}: ${err}`);
  return out;
}
