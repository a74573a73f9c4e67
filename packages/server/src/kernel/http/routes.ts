import { Readable } from "node:stream";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { isProblem, type Problem } from "../../base/index.ts";
import { anonymous, type Caller } from "../contract/index.ts";
import { checkMediaType, parseBody, readBody, refuseCoding } from "./body.ts";
import type { CompiledOperation } from "./compile.ts";
import { raise } from "./errors.ts";
import { authorise, execute, type Call, type ExecuteParts } from "./execute.ts";
import { readIfMatch } from "./headers.ts";
import { readIdempotencyKey } from "./idempotency.ts";
import type { Answer, BoundPage } from "./options.ts";
import { PROBLEM_TYPE, problemDocument, type ProblemOccurrence } from "./problem-reply.ts";
import { contextOf, originOf, type RequestContext } from "./request-context.ts";
import { routerPath, textsOf } from "./route-parts.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    compiled?: CompiledOperation;
  }
}

/** A body as the parser leaves it on Fastify's request. */
interface ParsedBody {
  readonly value: unknown;
  readonly bytes: Uint8Array;
}

/** What routes need. */
export interface RouteParts extends ExecuteParts {
  readonly bodyBytesMax: number;
  readonly occurrence: (context: RequestContext) => ProblemOccurrence;
}

/**
 * Makes the Fastify that serves operations and pages. It never gets our server, whose events it would listen to
 * (`clientError`); the dispatcher hands requests over by `app.routing`.
 */
export function createRoutes(parts: RouteParts): FastifyInstance {
  const app = fastify({
    logger: false,
    routerOptions: { maxParamLength: 1_024 },
    genReqId: (request) => contextOf(request).requestId,
    frameworkErrors: (error, request, reply) => {
      answerProblem(parts, { request, reply }, error);
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (request, _payload, done) => {
    receiveBody(parts, request).then(
      (body) => done(null, body),
      (error: unknown) =>
        done(error instanceof Error ? error : new TypeError("unknown", { cause: error })),
    );
  });
  app.setErrorHandler((error, request, reply) => {
    answerProblem(parts, { request, reply }, error);
  });
  app.setNotFoundHandler((request, reply) => {
    answerProblem(parts, { request, reply }, raise("request.notFound"));
  });
  return app;
}

/** Puts an operation under one URL. */
export function addOperation(
  app: FastifyInstance,
  parts: RouteParts,
  given: { readonly compiled: CompiledOperation; readonly url: string },
): void {
  const { compiled } = given;
  app.route({
    method: compiled.operation.method,
    url: routerPath(given.url),
    config: { compiled },
    // Before the body is read: who may not call need not upload.
    onRequest: async (request) => {
      const context = contextOf(request.raw);
      context.operation = compiled.operation;
      context.caller = await identify(parts, compiled, request);
      authorise(parts.access, compiled, context.caller);
    },
    handler: async (request, reply) => await serve({ parts, compiled }, request, reply),
  });
}

/** Puts a page under one URL. */
export function addPage(app: FastifyInstance, { page, ctx }: BoundPage, url: string): void {
  app.get(routerPath(url), async (request, reply) => {
    const answer = await page.serve(
      {
        path: textsOf(request.params),
        query: textsOf(request.query),
        headers: request.headers,
      },
      ctx,
    );
    return await reply.code(answer.status).headers(answer.headers).send(answer.body);
  });
}

async function identify(
  parts: RouteParts,
  { operation }: CompiledOperation,
  request: FastifyRequest,
): Promise<Caller> {
  const { client } = contextOf(request.raw);
  const { url = "" } = request.raw;
  const { headers, method } = request;
  const credentials = { headers, method, remoteAddress: client.address, url };
  if (operation.access !== "public") return await parts.access.identifyAny(credentials);
  try {
    return await parts.access.identify(credentials);
  } catch (error) {
    // What is open to all stays open to the holder of an expired key; a failure of ours stays one.
    if (isProblem(error) && error.status < 500) return anonymous;
    throw error;
  }
}

async function receiveBody(parts: RouteParts, request: FastifyRequest): Promise<ParsedBody> {
  const { raw } = request;
  const operation = request.routeOptions.config.compiled?.operation;
  const form = operation?.bodyForms?.find((each) => each.matches(raw.headers));
  if (form === undefined) checkMediaType(raw);
  else refuseCoding(raw);
  const context = contextOf(raw);
  if (context.awaitsContinue) context.response.writeContinue();
  const arrived = await readBody(raw, {
    bytesMax: operation?.bodyBytesMax ?? parts.bodyBytesMax,
    timeoutMs: parts.timeoutMs,
    clock: parts.clock,
  });
  const bytes = form === undefined ? arrived : form.toJson(arrived, raw.headers);
  return { value: parseBody(bytes, operation?.keepsBytes === true), bytes };
}

interface Served {
  readonly parts: RouteParts;
  readonly compiled: CompiledOperation;
}

async function serve(
  { parts, compiled }: Served,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const context = contextOf(request.raw);
  const caller = context.caller ?? anonymous;
  // Only `receiveBody` puts bodies here.
  const body = request.body as ParsedBody | undefined;
  const key = request.headers["idempotency-key"];
  const answer = await execute(parts, {
    compiled,
    path: request.params,
    query: request.query,
    body: body?.value,
    bodyBytes: body?.bytes,
    caller,
    origin: originOf(context, caller),
    idempotencyKey: typeof key === "string" ? readIdempotencyKey(key) : undefined,
    ifMatch: readIfMatch(request.headers["if-match"]),
    form: formWanted(compiled, request.headers.accept),
    client: { ...context.client, headers: request.headers },
  });
  return send(answer, request, reply);
}

function send(answer: Answer, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  for (const [name, value] of Object.entries(answer.headers)) {
    // Fastify's own lists are not readonly.
    reply.header(name, typeof value === "string" ? value : [...value]);
  }
  const { etag } = answer.headers;
  if (typeof etag === "string") {
    reply.header("cache-control", "private, no-cache");
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (isRead && request.headers["if-none-match"]?.split(/\s*,\s*/).includes(etag) === true) {
      return reply.code(304).send();
    }
  }
  reply.code(answer.status);
  if (answer.stream !== undefined && request.method !== "HEAD") {
    return reply.send(Readable.from(answer.stream));
  }
  if (answer.text === undefined) return reply.send();
  const type = answer.headers["content-type"] ?? "application/json; charset=utf-8";
  return reply.header("content-type", type).send(answer.text);
}

/** JSON for everybody who does not name another form. */
function formWanted({ operation }: CompiledOperation, accept: string | undefined): Call["form"] {
  if (operation.replyForms === undefined || accept === undefined) return undefined;
  const named = accept.split(",").map((part) => part.split(";", 1)[0]?.trim().toLowerCase());
  return operation.replyForms.find(({ mediaType }) => named.includes(mediaType));
}

function answerProblem(
  parts: RouteParts,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  error: unknown,
): void {
  const context = contextOf(request.raw);
  const problem = problemOf(parts, context, error);
  context.code = problem.code;
  // The cause of `request.internal` is what broke; other problems speak for themselves.
  if (problem.status >= 500) context.error = problem.cause ?? problem;
  reply.code(problem.status).headers(problem.options.headers ?? {});
  if (problem.status === 401) reply.header("www-authenticate", parts.access.challenges);
  const body = JSON.stringify(problemDocument(problem, parts.occurrence(context)));
  reply.header("content-type", PROBLEM_TYPE).serializer(String).send(body);
}

function problemOf(parts: RouteParts, context: RequestContext, error: unknown): Problem {
  if (isProblem(error)) return error;
  const refusal = frameworkRefusal(error);
  if (refusal !== undefined) return refusal;
  parts.logger.error(
    { requestId: context.requestId, route: context.route, err: error },
    "a request failed",
  );
  return raise("request.internal", { cause: error });
}

/** What Fastify itself refuses, in our words. */
function frameworkRefusal(error: unknown): Problem | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : "";
  switch (code) {
    case "FST_ERR_BAD_URL":
    case "FST_ERR_MAX_PARAM_LENGTH":
      return raise("request.badPath", { cause: error });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return raise("request.mediaType", { params: { mediaType: "" }, cause: error });
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return raise("request.framing", { params: { reason: "Content-Length is wrong" } });
    default:
      return undefined;
  }
}
