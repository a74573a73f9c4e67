import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket } from "node:tls";

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

/** What a server asks for and offers. */
export interface SmtpServerOptions {
  /** It offers AUTH PLAIN, and takes this user and password. */
  readonly auth?: { readonly user: string; readonly password: string };
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** With a certificate: from the first byte, or (when left out) once the client says STARTTLS. */
  readonly isTls?: boolean;
  /** Sent in the clear behind the answer to STARTTLS, as somebody in between would. */
  readonly injected?: string;
}

/** Opens one. */
export async function openSmtpServer(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  const taken: TakenMail[] = [];
  const lines: string[] = [];
  const behaviours = new Map<Stage, Behaviour>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    const { auth, certificate, isTls = false, injected = "" } = options;
    const talk = { taken, lines, behaviours, auth, injected };
    if (isTls) converse(secured(socket, certificate), talk);
    else converse(socket, { ...talk, certificate });
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
  readonly auth: SmtpServerOptions["auth"];
  /** There until the connection is encrypted: STARTTLS is offered. */
  readonly certificate?: SmtpServerOptions["certificate"];
  readonly injected: string;
  /** The greeting was sent before the connection was encrypted. */
  readonly isGreeted?: boolean;
}

function secured(socket: Socket, certificate: SmtpServerOptions["certificate"]): Socket {
  const over = new TLSSocket(socket, { isServer: true, ...certificate });
  return over.on("error", () => undefined);
}

function extensions({ auth, certificate }: Conversation): string {
  const names = [
    "loopback",
    ...(auth === undefined ? [] : ["AUTH PLAIN"]),
    ...(certificate === undefined ? [] : ["STARTTLS"]),
  ];
  return names
    .map((name, index) => `250${index === names.length - 1 ? " " : "-"}${name}`)
    .join("\r\n");
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
      answer("ehlo", extensions(talk));
    } else if (verb === "STAR" && talk.certificate !== undefined) {
      const { certificate, ...rest } = talk;
      socket.removeAllListeners("data");
      socket.write(`220 2.0.0 go on\r\n${talk.injected}`);
      converse(secured(socket, certificate), { ...rest, isGreeted: true });
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
  if (talk.isGreeted !== true) answer("greeting", "220 loopback ESMTP");
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
