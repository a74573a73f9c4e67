import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const START = fileURLToPath(new URL("../../examples/quickstart/start.ts", import.meta.url));
const run = promisify(execFile);

/** The example as a reader runs it. */
interface Example {
  /** Settles with the whole output once it holds this text. */
  says(text: string): Promise<string>;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
}

function startExample(folder: string): Example {
  const child = spawn(process.execPath, [START], {
    env: { ...process.env, PORT: "0", PORTICO_DATA: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const heard = new EventTarget();
  const gone = once(child, "close") as Promise<[number | null]>;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      heard.dispatchEvent(new Event("heard"));
    });
  }
  return {
    says: async (text) => {
      while (!output.includes(text)) {
        const ended = await Promise.race([once(heard, "heard"), gone.then(() => "gone")]);
        if (ended === "gone") throw new Error(`It ended without saying '${text}':\n${output}`);
      }
      return output;
    },
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = await gone;
      return code;
    },
  };
}

/** Runs the last curl of a text in a shell, as pasted. */
async function paste(text: string): Promise<string> {
  const command =
    text
      .match(/^ *curl .*$/gm)
      ?.at(-1)
      ?.trim() ?? "";
  expect(command).toContain("curl ");
  const { stdout } = await run("sh", ["-c", `${command} -s`]);
  return stdout;
}

it("prints a key once and curls that work as pasted; the paid invoice arrives, signed, as one thread", async () => {
  const folder = await mkdtemp(join(tmpdir(), "portico-quickstart-"));
  try {
    const example = startExample(folder);
    const welcome = await example.says("Ctrl+C");
    expect(welcome).toContain("shown this once");
    expect(JSON.parse(await paste(welcome))).toMatchObject({ id: "inv_1001", status: "paid" });
    const received = await example.says("/thread -H");
    expect(received).toContain("a webhook whose signature is genuine");
    const thread = JSON.parse(await paste(received)) as { data: { kind: string; depth: number }[] };
    expect(thread.data.slice(0, 3).map(({ kind }) => kind)).toEqual([
      "request",
      "event",
      "delivery",
    ]);
    expect(thread.data.map(({ depth }) => depth).slice(0, 3)).toEqual([0, 1, 2]);
    expect(await example.stop()).toBe(0);

    const again = startExample(folder);
    const second = await again.says("Ctrl+C");
    expect(second).not.toContain("shown this once");
    expect(await again.stop()).toBe(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
