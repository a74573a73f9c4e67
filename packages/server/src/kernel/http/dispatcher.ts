import { IncomingMessage, ServerResponse, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock, MakeId, Problem } from "../../base/index.ts";
import type { Front, FrontRequest, Logger } from "../contract/index.ts";
import type { FindClient } from "./client-address.ts";
import { raise } from "./errors.ts";
import { framingFault, readTarget, upgradeFault } from "./framing.ts";
import { answerOptions, setBaseHeaders, setCorsHeaders } from "./headers.ts";
import type { OwnPath, OwnPaths } from "./own-paths.ts";
import { endWithProblem, sendProblem, type ProblemOccurrence } from "./problem-reply.ts";
import { attachContext, type RequestContext } from "./request-context.ts";
import { readTraceparent, type MakeHex } from "./trace.ts";

/** What the dispatcher needs. */
export interface DispatcherParts {
  readonly fronts: readonly Front[];
  readonly ownPaths: OwnPaths;
  /** All below it is ours, what we do not have included; empty when our paths share the root with the fronts'. */
  readonly basePath: string;
  /** The host that is ours alone; undefined when our paths share every host with the fronts'. */
  readonly ownHost: string | undefined;
  /** Serves our own paths: Fastify. */
  readonly serveOwn: RequestListener;
  readonly corsOrigins: ReadonlySet<string>;
  readonly findClient: FindClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly makeId: MakeId;
  readonly makeHex: MakeHex;
  readonly docsUrl: () => string;
  readonly answered: (context: RequestContext, request: IncomingMessage) => void;
  readonly isDraining: () => boolean;
}

/** Takes everything that one server emits and hands it to fronts or to our own paths. */
export interface Dispatcher {
  readonly request: RequestListener;
  /** Becomes the only listener of the server's events. */
  attach(server: Server): void;
  /** Asks the fronts to end the sockets that they have switched to another protocol. */
  endUpgraded(): void;
  /** Cuts those that are left: node forgets sockets it has handed out, and a server does not close before they do. */
  cutUpgraded(): void;
}

const URL_LENGTH_MAX = 16_384;
const PARAMETERS_MAX = 1_000;
const REQUEST_ID = /^[A-Za-z0-9._:-]{8,128}$/;

/** The one place that decides whose a request is: our own paths first, then fronts in their order, then 404. */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const take = (exchange: Exchange): void => {
    try {
      dispatch(parts, exchange);
    } catch (error) {
      // A front that throws must not take the process with it.
      parts.logger.error(
        { err: error, path: pathOf(exchange.message.url ?? "") },
        "a request could not be dispatched",
      );
      const occurrence = occurrenceOf(parts, exchange.message);
      sendProblem(exchange.response, raise("request.internal", { cause: error }), occurrence);
    }
  };
  const request = (message: IncomingMessage, response: ServerResponse): void => {
    take({ message, response, awaitsContinue: false });
  };
  const upgraded = new Set<Socket>();
  return {
    request,
    endUpgraded: () => {
      for (const front of parts.fronts) front.stopping?.();
    },
    cutUpgraded: () => {
      for (const socket of upgraded) socket.destroy();
    },
    attach: (server) => {
      server.on("request", request);
      server.on("checkContinue", (message: IncomingMessage, response: ServerResponse) => {
        // node looks for the word anywhere in the field.
        if (message.headers.expect?.toLowerCase() === "100-continue") {
          take({ message, response, awaitsContinue: true });
        } else {
          refuseExpectation(parts, message, response);
        }
      });
      server.on("checkExpectation", (message: IncomingMessage, response: ServerResponse) => {
        refuseExpectation(parts, message, response);
      });
      server.on("upgrade", (message: IncomingMessage, socket: Socket, head: Uint8Array) => {
        upgraded.add(socket);
        socket.once("close", () => upgraded.delete(socket));
        take({ message, response: responseTo(message), awaitsContinue: false, upgradeHead: head });
      });
      server.on("connect", (message: IncomingMessage, socket: Duplex) => {
        const problem = raise("request.methodNotAllowed", { params: { method: "CONNECT" } });
        endWithProblem(socket, problem, occurrenceOf(parts, message));
      });
      server.on("clientError", (error: Error, socket: Duplex) => {
        refuseUnreadable(parts, error, socket);
      });
    },
  };
}

function refuseExpectation(
  parts: DispatcherParts,
  message: IncomingMessage,
  response: ServerResponse,
): void {
  response.shouldKeepAlive = false;
  sendProblem(response, raise("request.expectation"), occurrenceOf(parts, message));
}

interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly awaitsContinue: boolean;
  /** What came after a request to switch protocols. */
  readonly upgradeHead?: Uint8Array;
}

function dispatch(parts: DispatcherParts, exchange: Exchange): void {
  const { message, response } = exchange;
  // Sent with what was refused, and perhaps hidden behind it: node reads on in the same piece of bytes.
  if (isCondemned(message.socket)) return;
  const requestId = requestIdOf(parts, message);
  if (parts.isDraining()) response.shouldKeepAlive = false;
  const refusal = refusalOf(message, exchange.upgradeHead !== undefined);
  if (refusal !== undefined) {
    condemn(message.socket);
    response.shouldKeepAlive = false;
    sendProblem(response, refusal, { docsUrl: parts.docsUrl(), requestId });
    return;
  }
  if (exchange.upgradeHead !== undefined && parts.isDraining()) {
    // It would outlive the server that is about to stop.
    sendProblem(response, raise("request.unavailable"), { docsUrl: parts.docsUrl(), requestId });
    return;
  }
  const url = message.url ?? "/";
  const path = pathOf(url);
  const own = isForeignHost(parts, message) ? undefined : parts.ownPaths.find(path);
  const context = contextFor(parts, exchange, { requestId, path });
  if (own === undefined && mayBeFronts(parts, message, path)) {
    const { trace, client } = context;
    const front = { request: message, response, requestId, trace, clientAddress: client.address };
    if (offer(parts.fronts, front, exchange.upgradeHead)) return;
  }
  if (exchange.upgradeHead !== undefined) {
    const problem = raise("request.upgrade");
    sendProblem(response, problem, { docsUrl: parts.docsUrl(), requestId });
    return;
  }
  serve(parts, exchange, { own, context });
}

function offer(
  fronts: readonly Front[],
  front: FrontRequest,
  upgradeHead: Uint8Array | undefined,
): boolean {
  return fronts.some((each) =>
    upgradeHead === undefined ? each.take(front) : each.upgrade?.(front, upgradeHead) === true,
  );
}

/** A response on a socket that node has handed out with its request: node no longer looks after it. */
function responseTo(message: IncomingMessage): ServerResponse {
  const { socket } = message;
  const response = new ServerResponse(message);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  socket.on("error", () => socket.destroy());
  response.once("finish", () => socket.destroySoon());
  return response;
}

const CONDEMNED = Symbol("portico.condemned");

interface Condemnable {
  [CONDEMNED]?: true;
}

/** Nothing more on this connection is a request: where its messages begin and end is in doubt. */
function condemn(socket: Socket): void {
  (socket as Condemnable)[CONDEMNED] = true;
}

function isCondemned(socket: Socket): boolean {
  return (socket as Condemnable)[CONDEMNED] === true;
}

function refusalOf(message: IncomingMessage, isUpgrade: boolean): Problem | undefined {
  const fault = framingFault(message) ?? (isUpgrade ? upgradeFault(message) : undefined);
  if (fault !== undefined) return raise("request.framing", { params: { reason: fault } });
  const target = readTarget(message);
  if (target.kind === "fault")
    return raise("request.framing", { params: { reason: target.reason } });
  if (target.url.length > URL_LENGTH_MAX) {
    return raise("request.uriTooLong", { params: { lengthMax: URL_LENGTH_MAX } });
  }
  message.url = target.url;
  return undefined;
}

/** True when our surface has a host of its own and this is another. */
function isForeignHost({ ownHost }: DispatcherParts, { headers }: IncomingMessage): boolean {
  return ownHost !== undefined && hostName(headers.host) !== ownHost;
}

/** Whether what is no path of ours may be offered to the fronts. */
function mayBeFronts(parts: DispatcherParts, message: IncomingMessage, path: string): boolean {
  const { ownHost, basePath } = parts;
  return ownHost === undefined ? !isBelow(basePath, path) : isForeignHost(parts, message);
}

/** The name in a Host field, without its port, in lower case. */
function hostName(host = ""): string {
  return host.toLowerCase().replace(/:\d*$/, "");
}

// A mistyped path of ours, with its key, is not the application's to see.
function isBelow(basePath: string, path: string): boolean {
  return basePath !== "" && (path === basePath || path.startsWith(`${basePath}/`));
}

function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

function contextFor(
  parts: DispatcherParts,
  { message, response, awaitsContinue }: Exchange,
  { requestId, path }: { readonly requestId: string; readonly path: string },
): RequestContext {
  const { headers, socket } = message;
  const client = parts.findClient({
    peer: socket.remoteAddress ?? "",
    forwardedFor: textOf(headers["x-forwarded-for"]),
    forwardedProto: textOf(headers["x-forwarded-proto"]),
    isEncrypted: "encrypted" in socket && socket.encrypted === true,
  });
  return {
    requestId,
    trace: readTraceparent(textOf(headers["traceparent"])) ?? parts.makeHex(16),
    client,
    at: parts.clock.now(),
    startedMs: parts.clock.monotonic(),
    response,
    path,
    route: "unmatched",
    caller: undefined,
    code: null,
    operation: undefined,
    error: undefined,
    awaitsContinue,
  };
}

function serve(
  parts: DispatcherParts,
  { message, response }: Exchange,
  { own, context }: { readonly own: OwnPath | undefined; readonly context: RequestContext },
): void {
  attachContext(message, context);
  if (own !== undefined) context.route = own.template;
  response.once("close", () => parts.answered(context, message));
  setBaseHeaders(response, context, parts.makeHex(8));
  setCorsHeaders(message, response, parts.corsOrigins);
  const refusal = ownRefusal(message, own);
  if (refusal !== undefined) {
    context.code = refusal.code;
    const { requestId, path: instance } = context;
    sendProblem(response, refusal, { docsUrl: parts.docsUrl(), requestId, instance });
    return;
  }
  if (message.method === "OPTIONS" && own !== undefined && !own.methods.has("OPTIONS")) {
    answerOptions(response, own.methods);
    return;
  }
  parts.serveOwn(message, response);
}

function ownRefusal(message: IncomingMessage, own: OwnPath | undefined): Problem | undefined {
  if (own === undefined) return raise("request.notFound");
  const { method = "", url = "" } = message;
  if (method !== "OPTIONS" && !own.methods.has(method)) {
    return raise("request.methodNotAllowed", {
      params: { method },
      headers: { allow: [...own.methods, "OPTIONS"].join(", ") },
    });
  }
  if (/%00/.test(url)) {
    return raise("request.text", { params: { reason: "The address holds U+0000." } });
  }
  return countParameters(url) > PARAMETERS_MAX
    ? raise("request.tooManyParameters", { params: { countMax: PARAMETERS_MAX } })
    : undefined;
}

function countParameters(url: string): number {
  let at = url.indexOf("?");
  let count = 0;
  while (at !== -1) {
    count += 1;
    at = url.indexOf("&", at + 1);
  }
  return count;
}

function refuseUnreadable(parts: DispatcherParts, error: Error, socket: Duplex): void {
  const code = "code" in error ? error.code : undefined;
  if (code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const underWay = responseOn(socket);
  if (underWay === undefined && isWithinBody(socket)) {
    // Its request has its answer already: a second one would be taken for the answer of another.
    socket.destroy();
    return;
  }
  if (underWay?.req.complete === true) {
    // What cannot be read came after a whole request, whose answer goes first: ours would be taken for it, or for a
    // part of its body.
    socket.pause();
    underWay.once("close", () => refuseUnreadable(parts, error, socket));
    return;
  }
  if (underWay?.headersSent === true) {
    socket.destroy();
    return;
  }
  const occurrence = { docsUrl: parts.docsUrl(), requestId: parts.makeId("req") };
  endWithProblem(socket, unreadable(code, error), occurrence);
}

// The same field by which node's own handler of `clientError` knows it (_http_server.js, socketOnError).
function responseOn(socket: Duplex): ServerResponse | undefined {
  const response = "_httpMessage" in socket ? socket._httpMessage : undefined;
  return response instanceof ServerResponse ? response : undefined;
}

// Where node keeps the request that it reads, until the next one begins (_http_common.js).
function isWithinBody(socket: Duplex): boolean {
  const parser: unknown = "parser" in socket ? socket.parser : undefined;
  if (typeof parser !== "object" || parser === null || !("incoming" in parser)) return false;
  const { incoming } = parser;
  return incoming instanceof IncomingMessage && !incoming.complete;
}

function unreadable(code: unknown, error: Error): Problem {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return raise("request.headersTooLarge", { cause: error });
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return raise("request.tooSlow", { cause: error });
    default:
      return raise("request.framing", {
        params: { reason: "reason" in error ? String(error.reason) : "it cannot be read" },
        cause: error,
      });
  }
}

function requestIdOf(parts: DispatcherParts, { headers }: IncomingMessage): string {
  const given = textOf(headers["x-request-id"]);
  return given !== undefined && REQUEST_ID.test(given) ? given : parts.makeId("req");
}

function occurrenceOf(parts: DispatcherParts, message: IncomingMessage): ProblemOccurrence {
  return { docsUrl: parts.docsUrl(), requestId: requestIdOf(parts, message) };
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.join(", ");
}
