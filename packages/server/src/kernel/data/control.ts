import { chmodSync, mkdirSync, rmSync, statSync } from "node:fs";
import { createServer, connect } from "node:net";
import type { Server, Socket } from "node:net";
import { dirname } from "node:path";
import { isProblem, Problem } from "../../base/index.ts";
import { raise } from "./errors.ts";
import { onLines } from "./lines.ts";

/** Commands by name: plain JSON in, plain JSON out. */
export type ControlCommands = Readonly<Record<string, (input: unknown) => Promise<unknown>>>;

/** A control socket that answers until it is closed. */
export interface ControlServer {
  close(): Promise<void>;
}

interface WireProblem {
  readonly code: string;
  readonly status: number;
  readonly text: string;
}

type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: WireProblem };

function refusal(problem: Problem): Answer {
  const { code, status, message } = problem;
  return { ok: false, problem: { code, status, text: message } };
}

async function answer(commands: ControlCommands, line: string): Promise<Answer> {
  let command = "?";
  try {
    const asked: unknown = JSON.parse(line);
    const isCall = typeof asked === "object" && asked !== null && "command" in asked;
    command = isCall ? String(asked.command) : "?";
    const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
    if (run === undefined) return refusal(raise("data.unknownCommand", { params: { command } }));
    const input = isCall && "input" in asked ? asked.input : undefined;
    return { ok: true, value: (await run(input)) ?? null };
  } catch (error) {
    if (isProblem(error)) return refusal(error);
    return refusal(raise("data.commandFailed", { params: { command }, cause: error }));
  }
}

function serveSocket(socket: Socket, commands: ControlCommands): void {
  // A caller that goes away before its answer is no fault of the server's.
  socket.on("error", () => socket.destroy());
  onLines(socket, (line) => {
    void answer(commands, line).then((reply) => {
      if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
      return undefined;
    });
  });
}

function prepareSocketFolder(path: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid } = statSync(folder);
  const self = process.getuid?.() ?? uid;
  if (uid !== self) {
    throw raise("data.unusable", { params: { folder, why: "it belongs to another user" } });
  }
  // Whoever calls this holds the folder's lock, so a socket that is there belongs to nobody any more.
  rmSync(path, { force: true });
}

function closing(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    for (const socket of sockets) socket.destroySoon();
  });
}

/**
 * Answers commands on a unix socket that only this user may open (0600): one JSON line in, one out. The caller must
 * hold the data folder's lock.
 *
 * @example
 * const control = await serveControl(folder.controlSocket, { "server.status": async () => ({ ready: true }) });
 */
export async function serveControl(
  path: string,
  commands: ControlCommands,
): Promise<ControlServer> {
  const isPipe = path.startsWith("\\\\.\\pipe\\");
  if (!isPipe) prepareSocketFolder(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serveSocket(socket, commands);
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(path, done);
  });
  if (!isPipe) chmodSync(path, 0o600);
  return { close: () => closing(server, sockets) };
}

function parseAnswer(line: string): Answer {
  try {
    // The other end is `answer` above, in this or another version of Portico.
    return JSON.parse(line) as Answer;
  } catch {
    return refusal(raise("data.commandFailed", { params: { command: "?" } }));
  }
}

function problemOf({ code, status, text }: WireProblem): Problem {
  return new Problem(code, { status, text });
}

/**
 * Sends one command to the server that runs on a data folder and gives back its answer. Throws `data.notRunning` when
 * none does, and the server's own problems with their codes.
 *
 * @example
 * const status = await callControl(paths.controlSocket, "server.status", {});
 */
export function callControl(path: string, command: string, input: unknown): Promise<unknown> {
  return new Promise((done, fail) => {
    const socket = connect(path);
    const absent = (cause?: unknown): void =>
      fail(raise("data.notRunning", { params: { socket: path }, cause }));
    socket.on("error", absent);
    // After an answer this changes nothing: the promise is settled.
    socket.on("close", () => absent());
    socket.on("connect", () => socket.write(`${JSON.stringify({ command, input })}\n`));
    onLines(socket, (line) => {
      const reply = parseAnswer(line);
      if (reply.ok) done(reply.value);
      else fail(problemOf(reply.problem));
      socket.end();
    });
  });
}
