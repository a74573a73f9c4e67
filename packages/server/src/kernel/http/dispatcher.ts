import { ServerResponse, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock, MakeId, Problem } from "../../base/index.ts";
import type { Front, Logger } from "../contract/index.ts";
import type { FindClient } from "./client-address.ts";
import { raise } from "./errors.ts";
import { framingFault, readTarget } from "./framing.ts";
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
  return {
    request,
    attach: (server) => {
      server.on("request", request);
      server.on("checkContinue", (message: IncomingMessage, response: ServerResponse) => {
        take({ message, response, awaitsContinue: true });
      });
      server.on("checkExpectation", (message: IncomingMessage, response: ServerResponse) => {
        response.shouldKeepAlive = false;
        sendProblem(response, raise("request.expectation"), occurrenceOf(parts, message));
      });
      server.on("upgrade", (message: IncomingMessage, socket: Duplex, head: Uint8Array) => {
        upgrade(parts, message, { socket, head });
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

interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly awaitsContinue: boolean;
}

function dispatch(parts: DispatcherParts, exchange: Exchange): void {
  const { message, response } = exchange;
  const requestId = requestIdOf(parts, message);
  if (parts.isDraining()) response.shouldKeepAlive = false;
  const refusal = refusalOf(message);
  if (refusal !== undefined) {
    response.shouldKeepAlive = false;
    sendProblem(response, refusal, { docsUrl: parts.docsUrl(), requestId });
    return;
  }
  const url = message.url ?? "/";
  const path = pathOf(url);
  const own = isForeignHost(parts, message) ? undefined : parts.ownPaths.find(path);
  const context = contextFor(parts, exchange, { requestId, path });
  if (own === undefined && mayBeFronts(parts, message, path)) {
    const { trace, client } = context;
    const front = { request: message, response, requestId, trace, clientAddress: client.address };
    for (const each of parts.fronts) if (each.take(front)) return;
  }
  serve(parts, exchange, { own, context });
}

function refusalOf(message: IncomingMessage): Problem | undefined {
  const fault = framingFault(message);
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

function upgrade(
  parts: DispatcherParts,
  message: IncomingMessage,
  { socket, head }: { readonly socket: Duplex; readonly head: Uint8Array },
): void {
  socket.on("error", () => socket.destroy());
  const refusal = refusalOf(message) ?? upgradeFault(message);
  if (refusal !== undefined) {
    endWithProblem(socket, refusal, occurrenceOf(parts, message));
    return;
  }
  const path = pathOf(message.url ?? "/");
  const isOwn = !isForeignHost(parts, message) && parts.ownPaths.find(path) !== undefined;
  if (!isOwn && mayBeFronts(parts, message, path)) {
    for (const each of parts.fronts) if (each.upgrade?.(message, socket, head) === true) return;
  }
  endWithProblem(socket, raise("request.upgrade"), occurrenceOf(parts, message));
}

// A body before an upgrade is read by one server as a body, by another as frames.
function upgradeFault({ headers }: IncomingMessage): Problem | undefined {
  const length = headers["content-length"];
  if (headers["transfer-encoding"] === undefined && (length === undefined || length === "0")) {
    return undefined;
  }
  return raise("request.framing", { params: { reason: "an upgrade has a body" } });
}

function refuseUnreadable(parts: DispatcherParts, error: Error, socket: Duplex): void {
  const code = "code" in error ? error.code : undefined;
  if (code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const underWay = responseOn(socket);
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
