import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** Where in a conversation the server may do something else than to agree. */
export type Stage = "greeting" | "ehlo" | "auth" | "mail" | "rcpt" | "data" | "end";

/** A reply of its own, silence, the end of the connection, or one byte of a reply in every 20 ms. */
export type Behaviour = "hang" | "disconnect" | "drip" | `${number} ${string}` | "what?";

/** A message as the server took it. */
export interface TakenMail {
  readonly from: string;
  readonly to: string;
  /** Header fields and body, dots unstuffed. */
  readonly source: string;
}

/** An SMTP server on loopback (RFC 5321) that fails on demand. */
export interface SmtpServer extends AsyncDisposable {
  readonly port: number;
  readonly taken: readonly TakenMail[];
  /** Every line that clients have sent, messages included. */
  readonly lines: readonly string[];
  /** Open connections at this moment. */
  readonly open: () => number;
  behave(stage: Stage, behaviour: Behaviour | undefined): void;
}

/** Opens one. With `auth`, it takes AUTH PLAIN with this user and password and nothing without. */
export async function openSmtpServer(
  options: { readonly auth?: { readonly user: string; readonly password: string } } = {},
): Promise<SmtpServer> {
  const taken: TakenMail[] = [];
  const lines: string[] = [];
  const behaviours = new Map<Stage, Behaviour>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    converse(socket, { taken, lines, behaviours, auth: options.auth });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // A listening TCP server has an address of this kind.
    port: (server.address() as AddressInfo).port,
    taken,
    lines,
    open: () => sockets.size,
    behave: (stage, behaviour) => {
      if (behaviour === undefined) behaviours.delete(stage);
      else behaviours.set(stage, behaviour);
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Conversation {
  readonly taken: TakenMail[];
  readonly lines: string[];
  readonly behaviours: ReadonlyMap<Stage, Behaviour>;
  readonly auth: { readonly user: string; readonly password: string } | undefined;
}

function converse(socket: Socket, talk: Conversation): void {
  const state = { from: "", to: "", source: undefined as string[] | undefined, rest: "" };
  const answer = (stage: Stage, usual: string, then: () => void = () => undefined): void => {
    const behaviour = talk.behaviours.get(stage);
    if (behaviour === undefined) {
      then();
      socket.write(`${usual}\r\n`);
    } else act(socket, behaviour);
  };
  const inMessage = (line: string): void => {
    if (line !== ".") {
      state.source?.push(line.startsWith(".") ? line.slice(1) : line);
      return;
    }
    const source = (state.source ?? []).join("\r\n");
    state.source = undefined;
    answer("end", "250 2.0.0 taken", () => {
      talk.taken.push({ from: state.from, to: state.to, source });
    });
  };
  const command = (line: string): void => {
    const [, path = ""] = /<([^>]*)>/.exec(line) ?? [];
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "EHLO") {
      answer("ehlo", talk.auth === undefined ? "250 loopback" : "250-loopback\r\n250 AUTH PLAIN");
    } else if (verb === "AUTH") {
      answer("auth", isRight(line, talk.auth) ? "235 2.7.0 good" : "535 5.7.8 bad credentials");
    } else if (verb === "MAIL") answer("mail", "250 2.1.0 ok", () => (state.from = path));
    else if (verb === "RCPT") answer("rcpt", "250 2.1.5 ok", () => (state.to = path));
    else if (verb === "DATA") answer("data", "354 go on", () => (state.source = []));
    else if (verb === "QUIT") socket.end("221 2.0.0 bye\r\n");
    else socket.write("502 5.5.1 not here\r\n");
  };
  socket.setEncoding("utf8").on("data", (chunk) => {
    const parts = (state.rest + String(chunk)).split("\r\n");
    state.rest = parts.pop() ?? "";
    for (const line of parts) {
      talk.lines.push(line);
      if (state.source === undefined) command(line);
      else inMessage(line);
    }
  });
  answer("greeting", "220 loopback ESMTP");
}

function act(socket: Socket, behaviour: Behaviour): void {
  if (behaviour === "disconnect") socket.destroy();
  else if (behaviour === "drip") {
    const timer = setInterval(() => socket.write("2"), 20);
    socket.on("close", () => clearInterval(timer));
  } else if (behaviour !== "hang") socket.write(`${behaviour}\r\n`);
}

function isRight(line: string, auth: Conversation["auth"]): boolean {
  const [, , given = ""] = line.split(" ");
  const expected = `\0${auth?.user ?? ""}\0${auth?.password ?? ""}`;
  return auth !== undefined && Buffer.from(given, "base64").toString() === expected;
}
