import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

/** The repository's folder. */
export const root = join(import.meta.dirname, "..");

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
  readonly durationMs: number;
}

/** What a command may be given besides its words. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Lets the command write to this terminal as well. */
  readonly isLoud?: boolean;
}

/** Runs a command of `node_modules/.bin` (or of the machine) to its end. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const [program = "", ...args] = command;
  const startedAt = performance.now();
  const bin = join(root, "node_modules/.bin");
  const child = spawn(program, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  const chunks: Buffer[] = [];
  const keep =
    (stream: NodeJS.WriteStream) =>
    (chunk: Buffer): void => {
      chunks.push(chunk);
      if (options.isLoud === true) stream.write(chunk);
    };
  child.stdout.on("data", keep(process.stdout));
  child.stderr.on("data", keep(process.stderr));
  return new Promise((resolve) => {
    const end = (code: number): void =>
      resolve({
        code,
        output: Buffer.concat(chunks).toString("utf8"),
        durationMs: performance.now() - startedAt,
      });
    child.on("error", (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      end(127);
    });
    child.on("close", (code) => end(code ?? 1));
  });
}

/** The closing line that CI reads. */
export function tally(passed: number, failed: number, skipped: number): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
