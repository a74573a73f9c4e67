import { isProblem } from "../base/index.ts";
import type { Progress, Report } from "../kernel/contract/index.ts";
import type { ResolvedConfig } from "../kernel/config/index.ts";
import { callControl, dataPaths, followControl } from "../kernel/data/index.ts";
import type { PlatformDoor } from "./platform-door.ts";
import { tasks } from "./tasks.ts";
import type { Task, TaskName } from "./tasks.ts";

/** Where a command finds its server. */
export interface SessionOptions {
  readonly platform: PlatformDoor;
  readonly config: ResolvedConfig;
  /** Told how far the task is. */
  readonly report?: Report;
}

async function askRunning(
  { config, report }: SessionOptions,
  command: TaskName,
  input: unknown,
): Promise<{ readonly value: unknown } | undefined> {
  if (config.data === ":memory:") return undefined;
  try {
    // The other end is `controlCommands`, which passes on what a task reports.
    const onProgress = (progress: unknown): void => report?.(progress as Progress);
    const { controlSocket } = dataPaths(config.data);
    return { value: await callControl(controlSocket, { command, input, onProgress }) };
  } catch (error) {
    if (isProblem(error) && error.code === "data.notRunning") return undefined;
    throw error;
  }
}

/**
 * Runs a task in the server that runs on the data folder; when none does, takes the folder's lock, assembles a server
 * that does not listen, runs the task there and stops it.
 */
export async function runTask(
  session: SessionOptions,
  name: TaskName,
  input: unknown,
): Promise<unknown> {
  const answered = await askRunning(session, name, input);
  if (answered !== undefined) return answered.value;
  const { platform, config, report = () => undefined } = session;
  const server = await platform.assemble({ ...config, log: { ...config.log, level: "silent" } });
  try {
    await server.start({ work: false });
    const task: Task = tasks[name];
    return await task({ server, platform, report }, input);
  } finally {
    await server.stop();
  }
}

/** What a command goes on giving, from the server that runs on the data folder. Throws `data.notRunning` without one. */
export function followTask(config: ResolvedConfig, input: unknown): AsyncIterable<unknown> {
  return followControl(dataPaths(config.data).controlSocket, "verb.follow", input);
}
