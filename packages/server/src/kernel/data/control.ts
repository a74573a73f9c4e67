import { chmodSync, mkdirSync, rmSync, statSync } from "node:fs";
import { createServer, connect } from "node:net";
import type { Server, Socket } from "node:net";
import { dirname } from "node:path";
import { isProblem, Problem } from "../../base/index.ts";
import { raise } from "./errors.ts";
import { onLines } from "./lines.ts";

/** Commands by name: plain JSON in, plain JSON out; what is reported meanwhile is plain JSON too. */
export type ControlCommands = Readonly<
  Record<string, (input: unknown, report: (progress: unknown) => void) => Promise<unknown>>
>;

/** Commands that go on answering until their caller is gone, by name. */
export type ControlStreams = Readonly<
  Record<string, (input: unknown, signal: AbortSignal) => AsyncIterable<unknown>>
>;

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
  /** `more`: one of many; the last has none of it. */
  | { readonly ok: true; readonly value: unknown; readonly more?: true }
  /** How far the command is; the answer follows. */
  | { readonly ok: true; readonly progress: unknown }
  | { readonly ok: false; readonly problem: WireProblem };

function refusal(problem: Problem): Answer {
  const { code, status, message } = problem;
  return { ok: false, problem: { code, status, text: message } };
}

interface Asked {
  readonly command: string;
  readonly input: unknown;
}

function parseAsked(line: string): Asked {
  try {
    const asked: unknown = JSON.parse(line);
    const isCall = typeof asked === "object" && asked !== null && "command" in asked;
    const input = isCall && "input" in asked ? asked.input : undefined;
    return { command: isCall ? String(asked.command) : "?", input };
  } catch {
    // No command has this name: that is what is answered.
    return { command: "?", input: undefined };
  }
}

async function answer(
  commands: ControlCommands,
  { command, input }: Asked,
  report: (progress: unknown) => void,
): Promise<Answer> {
  try {
    const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
    if (run === undefined) return refusal(raise("data.unknownCommand", { params: { command } }));
    return { ok: true, value: (await run(input, report)) ?? null };
  } catch (error) {
    return failure(command, error);
  }
}

function failure(command: string, error: unknown): Answer {
  if (isProblem(error)) return refusal(error);
  return refusal(raise("data.commandFailed", { params: { command }, cause: error }));
}

interface Served {
  readonly commands: ControlCommands;
  readonly streams: ControlStreams;
}

function serveSocket(socket: Socket, { commands, streams }: Served): void {
  // A caller that goes away before its answer is no fault of the server's.
  socket.on("error", () => socket.destroy());
  const gone = new AbortController();
  socket.on("close", () => gone.abort());
  onLines(socket, (line) => {
    const asked = parseAsked(line);
    const stream = Object.hasOwn(streams, asked.command) ? streams[asked.command] : undefined;
    void (stream === undefined
      ? answer(commands, asked, reporter(socket)).then((reply) => write(socket, reply))
      : pump(socket, { asked, items: stream(asked.input, gone.signal), gone: gone.signal }));
  });
}

/** Progress is only of use while it is new: a caller that does not read is told no more of it. */
function reporter(socket: Socket): (progress: unknown) => void {
  return (progress) => {
    if (!socket.writable || socket.writableNeedDrain) return;
    const line: Answer = { ok: true, progress };
    socket.write(`${JSON.stringify(line)}\n`);
  };
}

/** Settles when the caller may be sent more, or is gone. */
async function write(socket: Socket, reply: Answer): Promise<void> {
  if (!socket.writable || socket.write(`${JSON.stringify(reply)}\n`)) return;
  await new Promise<void>((done) => {
    const taken = (): void => {
      socket.off("drain", taken);
      socket.off("close", taken);
      done();
    };
    socket.once("drain", taken);
    socket.once("close", taken);
  });
}

interface Pumped {
  readonly asked: Asked;
  readonly items: AsyncIterable<unknown>;
  readonly gone: AbortSignal;
}

/** At the pace of the caller. Never rejects. */
async function pump(socket: Socket, { asked, items, gone }: Pumped): Promise<void> {
  try {
    for await (const value of items) {
      if (gone.aborted) return;
      await write(socket, { ok: true, value, more: true });
    }
    await write(socket, { ok: true, value: null });
  } catch (error) {
    await write(socket, failure(asked.command, error));
  }
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
  streams: ControlStreams = {},
): Promise<ControlServer> {
  const isPipe = path.startsWith("\\\\.\\pipe\\");
  if (!isPipe) prepareSocketFolder(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serveSocket(socket, { commands, streams });
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

/** One command, and whoever wants to hear how far it is. */
export interface ControlCall {
  readonly command: string;
  readonly input: unknown;
  readonly onProgress?: (progress: unknown) => void;
}

function problemOf({ code, status, text }: WireProblem): Problem {
  return new Problem(code, { status, text });
}

/**
 * Sends one command to the server that runs on a data folder and gives back its answer; what it reports meanwhile goes
 * to `onProgress`. Throws `data.notRunning` when no server runs, and the server's own problems with their codes.
 *
 * @example
 * const status = await callControl(paths.controlSocket, { command: "server.status", input: {} });
 */
export function callControl(
  path: string,
  { command, input, onProgress }: ControlCall,
): Promise<unknown> {
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
      if (reply.ok && "progress" in reply) {
        onProgress?.(reply.progress);
        return;
      }
      if (reply.ok) done(reply.value);
      else fail(problemOf(reply.problem));
      socket.end();
    });
  });
}

/** Items that wait for whoever asked; beyond, the server is not read any further. */
const WAITING_MAX = 256;

/**
 * Sends one command that goes on answering, and gives its answers as they come, until the server ends them or whoever
 * asked stops looking. Throws what {@link callControl} throws.
 *
 * @example
 * for await (const line of followControl(paths.controlSocket, "verb.follow", input)) print(line);
 */
export async function* followControl(
  path: string,
  command: string,
  input: unknown,
): AsyncGenerator {
  const socket = connect(path);
  const waiting: Answer[] = [];
  let wake: () => void = () => undefined;
  let isConnected = false;
  let isOver = false;
  const over = (): void => {
    isOver = true;
    wake();
  };
  socket.on("error", over);
  socket.on("close", over);
  socket.on("connect", () => {
    isConnected = true;
    socket.write(`${JSON.stringify({ command, input })}\n`);
  });
  onLines(socket, (line) => {
    waiting.push(parseAnswer(line));
    if (waiting.length >= WAITING_MAX) socket.pause();
    wake();
  });
  try {
    for (;;) {
      const answered = waiting.shift();
      if (answered !== undefined) {
        if (!answered.ok) throw problemOf(answered.problem);
        if ("progress" in answered) continue;
        if (answered.more !== true) return;
        yield answered.value;
        continue;
      }
      // Whoever was reached may end at any time; nobody reached means that there is no server.
      if (isOver && isConnected) return;
      if (isOver) throw raise("data.notRunning", { params: { socket: path } });
      socket.resume();
      await new Promise<void>((done) => {
        wake = done;
      });
    }
  } finally {
    socket.destroy();
  }
}
