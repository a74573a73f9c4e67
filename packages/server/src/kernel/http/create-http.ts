import { createServer, type IncomingMessage, type Server } from "node:http";
import type { FastifyInstance } from "fastify";
import { clientFinder } from "./client-address.ts";
import { compileOperation, type CompiledOperation } from "./compile.ts";
import { createCursors } from "./cursors.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import { raise } from "./errors.ts";
import { authorise, execute } from "./execute.ts";
import { boundHealth, HEALTH_ID } from "./health.ts";
import { Idempotency } from "./idempotency.ts";
import { injectInto } from "./inject.ts";
import { addIntake } from "./intakes.ts";
import { closeServer, listenOn, purgeHourly } from "./lifecycle.ts";
import { addMount } from "./mounts.ts";
import { createObservation } from "./observe.ts";
import type { CallInput, CallReply, HttpOptions, PorticoHttp } from "./options.ts";
import { createOwnPaths, type OwnPaths } from "./own-paths.ts";
import { addProbes } from "./probe-routes.ts";
import { docsUrlOf } from "./problem-reply.ts";
import { refusalsOf } from "./refusals.ts";
import { actorOf } from "./request-context.ts";
import { addOperation, addPage, createRoutes, type RouteParts } from "./routes.ts";
import { hexMaker } from "./trace.ts";
import { createValidators } from "./validate.ts";
import type { Caller, Operation } from "../contract/index.ts";

const BODY_BYTES_MAX = 10_000_000;
const TIMEOUT_MS = 30_000;
/** Large enough that a long query reaches us and gets its own refusal. */
const HEAD_BYTES_MAX = 65_536;
/** Longer than the 60 s of most balancers: the side that keeps a connection longer must be ours. */
const KEEP_ALIVE_MS = 75_000;
const HEAD_MS = 15_000;
/** For what fronts stream at their own pace limits; our own bodies have `timeoutMs`. */
const REQUEST_MS = 3_600_000;

interface Life {
  isDraining: boolean;
  stopPurging: () => void;
}

/** Builds the HTTP side: compiles every operation, opens nothing. Throws for schemas that do not compile. */
export function createHttp(options: HttpOptions): PorticoHttp {
  const state: Life = { isDraining: false, stopPurging: () => undefined };
  const server = newServer();
  const parts = partsOf(options);
  const app = createRoutes(parts);
  const compiled = compileAll(options);
  const ownPaths = addAll({ app, options, parts, state }, compiled);
  const dispatcher = dispatcherOf({ app, options, state }, ownPaths);
  dispatcher.attach(server);
  const ready = Promise.resolve(app.ready());
  // Asked for again by whoever uses the server; until then nobody has to hear of it.
  ready.catch(() => undefined);
  const drain = (): void => {
    state.isDraining = true;
  };
  return {
    listen: async (host, port) => {
      await ready;
      const address = await listenOn(server, { host, port });
      state.stopPurging = purgeHourly(parts.idempotency, options);
      return address;
    },
    take: (socket) => {
      socket.setNoDelay(true);
      server.emit("connection", socket);
    },
    inject: async (request) => {
      await ready;
      const { ownHost: host } = options.server;
      // In memory it is mostly our own surface that is meant; whoever means another host names it.
      const headers = host === undefined ? request.headers : { host, ...request.headers };
      return await injectInto(dispatcher.request, { ...request, ...(headers && { headers }) });
    },
    call: async (operationId, input, caller) =>
      await callOperation(parts, compiled.get(operationId), {
        operationId,
        input,
        caller,
        options,
      }),
    ownPaths: () => ownPaths.templates(),
    drain,
    close: async (deadlineMs) => {
      drain();
      state.stopPurging();
      dispatcher.endUpgraded();
      await closeServer(server, {
        deadlineMs,
        clock: options.clock,
        cutUpgraded: () => dispatcher.cutUpgraded(),
      });
    },
    operations: () =>
      [...compiled.values()].map(({ plugin, operation }) => ({
        plugin,
        operation,
        refusals: refusalsOf(operation),
      })),
  };
}

function newServer(): Server {
  const server = createServer({
    maxHeaderSize: HEAD_BYTES_MAX,
    headersTimeout: HEAD_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1_000,
    // Ours answers a problem; node's answers nothing that can be read.
    requireHostHeader: false,
    noDelay: true,
    // A request without a body needs no stream that is opened, drained and destroyed for nothing.
    optimizeEmptyRequests: true,
  });
  // Above what `framingFault` counts; beyond it node would drop lines silently.
  server.maxHeadersCount = 0;
  return server;
}

function partsOf(options: HttpOptions): RouteParts {
  const { hub, clock, access, logger, server, config } = options;
  return {
    hub,
    clock,
    access,
    logger,
    server,
    limiter: options.limiter,
    idempotency: new Idempotency(hub, clock),
    cursorsFor: createCursors(options.secrets.derive("cursor")),
    timeoutMs: config.timeoutMs ?? TIMEOUT_MS,
    bodyBytesMax: config.bodyBytesMax ?? BODY_BYTES_MAX,
    occurrence: ({ requestId, path }) => ({
      docsUrl: docsUrlOf(options.server),
      requestId,
      instance: path,
    }),
  };
}

function compileAll(options: HttpOptions): ReadonlyMap<string, CompiledOperation> {
  const validators = createValidators();
  // A reply that does not fit its schema is a mistake of the plugin; in production it costs time to look.
  const checksReplies = options.server.mode !== "production";
  const kernelCodes = new Set(options.kernelErrors.flatMap(({ errors }) => Object.keys(errors)));
  return new Map(
    [...options.operations, boundHealth(options)].map((bound) => [
      bound.operation.id,
      compileOperation(bound, { validators, kernelCodes, checksReplies }),
    ]),
  );
}

interface AddParts {
  readonly app: FastifyInstance;
  readonly options: HttpOptions;
  readonly parts: RouteParts;
  readonly state: Life;
}

function addAll(
  { app, options, parts, state }: AddParts,
  operations: ReadonlyMap<string, CompiledOperation>,
): OwnPaths {
  const { basePath } = options.server;
  const ownPaths = createOwnPaths();
  for (const compiled of operations.values()) {
    for (const prefix of prefixesOf(compiled.operation)) {
      const url = `${basePath}${prefix}${compiled.operation.path}`;
      addOperation(app, parts, { compiled, url });
      ownPaths.add(url, compiled.operation.method);
    }
  }
  for (const bound of options.pages) {
    const url = `${basePath}${bound.page.path}`;
    addPage(app, bound, url);
    ownPaths.add(url, "GET");
  }
  for (const bound of options.intakes) {
    const url = `${basePath}${bound.intake.path}`;
    addIntake(app, parts, { bound, url });
    for (const method of bound.intake.methods) ownPaths.add(url, method);
  }
  for (const bound of options.mounts) {
    const url = `${basePath}${bound.mount.path}`;
    addMount(app, parts, { bound, url });
    for (const method of bound.mount.methods) ownPaths.add(url, method);
  }
  const probes = {
    probes: options.probes,
    access: options.access,
    isDraining: () => state.isDraining,
    isMetricsOpen: options.config.isMetricsOpen ?? false,
  };
  for (const path of addProbes(app, probes, basePath)) ownPaths.add(`${basePath}${path}`, "GET");
  return ownPaths;
}

/** Without a version the current one is meant; health is asked for where monitors look for it, too. */
function prefixesOf({ id }: Operation): readonly string[] {
  return id === HEALTH_ID ? ["/api/v1", "/api", ""] : ["/api/v1", "/api"];
}

function dispatcherOf(
  { app, options, state }: Omit<AddParts, "parts">,
  ownPaths: OwnPaths,
): Dispatcher {
  const { clock, makeId, config } = options;
  return createDispatcher({
    fronts: options.fronts,
    ownPaths,
    basePath: options.server.basePath,
    ownHost: options.server.ownHost,
    serveOwn: (request: IncomingMessage, response) => app.routing(request, response),
    corsOrigins: new Set(config.corsOrigins),
    findClient: clientFinder(config.trustedProxies ?? []),
    logger: options.logger,
    clock,
    makeId,
    makeHex: hexMaker(options.fillRandom),
    docsUrl: () => docsUrlOf(options.server),
    answered: createObservation(options),
    isDraining: () => state.isDraining,
  });
}

interface NamedCall {
  readonly operationId: string;
  readonly input: CallInput;
  readonly caller: Caller;
  readonly options: HttpOptions;
}

async function callOperation(
  parts: RouteParts,
  compiled: CompiledOperation | undefined,
  { operationId, input, caller, options }: NamedCall,
): Promise<CallReply> {
  if (compiled === undefined) throw raise("request.noOperation", { params: { operationId } });
  authorise(parts.access, compiled, caller);
  const { status, text, stream, headers } = await execute(parts, {
    compiled,
    // Copies: validation fills in defaults, and the caller's own objects are not ours to change.
    path: structuredClone(input.path ?? {}),
    query: structuredClone(input.query ?? {}),
    body: structuredClone(input.body),
    bodyBytes: undefined,
    caller,
    origin: {
      cause: options.makeId("call"),
      trace: hexMaker(options.fillRandom)(16),
      actor: actorOf(caller),
    },
    idempotencyKey: input.idempotencyKey,
    ifMatch: input.ifMatch,
    client: { address: "127.0.0.1", isHttps: false, headers: {} },
  });
  return { status, headers, body: text === undefined ? stream : JSON.parse(text) };
}
