import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Block } from "./markdown.ts";
import { matches } from "./compare.ts";

/** What a block did. */
interface Done {
  readonly code: number;
  readonly printed: string;
}

/** One shell in an empty folder, in which a page's blocks run one after another as a reader would paste them. */
export interface Session extends AsyncDisposable {
  readonly folder: string;
  /** Runs a script; variables, background jobs and the working folder stay for the next one. */
  run(script: string): Promise<Done>;
}

/** Where a session finds programs and packages. */
export interface SessionOptions {
  /** Put first on PATH. */
  readonly bin?: string;
  /** Stands for the `node_modules` that an installation would have made. */
  readonly modules?: string;
  /** Longest time of one block; 60,000 when left out. */
  readonly timeoutMs?: number;
}

/** Opens a session in a new folder, removed with it. */
export async function openSession(options: SessionOptions = {}): Promise<Session> {
  const { bin = "", modules, timeoutMs = 60_000 } = options;
  const folder = await mkdtemp(join(tmpdir(), "portico-docs-"));
  if (modules !== undefined) await symlink(modules, join(folder, "node_modules"));
  const shell = spawn("bash", ["--noprofile", "--norc"], {
    cwd: folder,
    detached: true,
    env: { ...process.env, NO_COLOR: "1", PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = once(shell, "close");
  return {
    folder,
    run: (script) => runIn(shell, script, timeoutMs),
    async [Symbol.asyncDispose]() {
      // The group: servers that a page started in the background end with its shell.
      if (shell.pid !== undefined && shell.exitCode === null) process.kill(-shell.pid, "SIGKILL");
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Shell = ChildProcessByStdio<Writable, Readable, null>;

async function runIn(shell: Shell, script: string, timeoutMs: number): Promise<Done> {
  const mark = randomUUID();
  let printed = "";
  const signal = AbortSignal.timeout(timeoutMs);
  shell.stdin.write(`{\n${script}\n} 2>&1 </dev/null\nprintf '\\n%s %s\\n' '${mark}' "$?"\n`);
  try {
    for (;;) {
      const [chunk] = (await once(shell.stdout, "data", { signal })) as [Buffer];
      printed += chunk.toString("utf8");
      const end = new RegExp(`\\n${mark} (\\d+)\\n`).exec(printed);
      if (end !== null) return { code: Number(end[1]), printed: printed.slice(0, end.index) };
    }
  } catch (cause) {
    throw new Error(`no end within ${timeoutMs} ms of:\n${script}\nprinted:\n${printed}`, {
      cause,
    });
  }
}

/**
 * Follows a page: blocks marked `file=NAME` are written, blocks marked `run` are executed and must exit with 0, and an
 * `output` block right after one must match what it printed. Answers what went wrong, nothing when all is true.
 */
export async function follow(blocks: readonly Block[], session: Session): Promise<string[]> {
  const wrong: string[] = [];
  let last: (Done & { readonly line: number }) | undefined;
  for (const block of blocks) {
    const file = block.words.find((word) => word.startsWith("file="))?.slice("file=".length);
    if (file !== undefined) await write(join(session.folder, file), block.text);
    if (block.language === "output") {
      if (last === undefined) wrong.push(`line ${block.line}: no block was run before this output`);
      else if (!matches(block.text, last.printed)) {
        wrong.push(`line ${block.line}: the block of line ${last.line} printed\n${last.printed}`);
      }
    }
    last = undefined;
    if (!block.words.includes("run")) continue;
    last = { ...(await session.run(block.text)), line: block.line };
    if (last.code !== 0) wrong.push(`line ${block.line}: exit ${last.code}\n${last.printed}`);
  }
  return wrong;
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
