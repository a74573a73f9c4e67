import { Buffer } from "node:buffer";
import {
  isProblem,
  sha256,
  type Clock,
  type Problem,
  type ProblemPlace,
} from "../../base/index.ts";
import { raiseAccess, type KernelAccess } from "../access/index.ts";
import type {
  Caller,
  Limiter,
  Logger,
  Origin,
  ReplyForm,
  RequestClient,
  ServerFacts,
} from "../contract/index.ts";
import type { CompiledOperation } from "./compile.ts";
import type { CursorsFor } from "./cursors.ts";
import { raise } from "./errors.ts";
import { fingerprintOf, KEPT_MS } from "./idempotency.ts";
import type { Answer } from "./options.ts";
import { rateLimited, rateLimitHeaders } from "./rate-limit.ts";
import { run, type BaseInput, type RunParts } from "./run.ts";

/** One call of an operation, over HTTP or as a function. */
export interface Call {
  readonly compiled: CompiledOperation;
  readonly path: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly bodyBytes: Uint8Array | undefined;
  readonly caller: Caller;
  readonly origin: Origin;
  readonly idempotencyKey: string | undefined;
  readonly ifMatch: number | undefined;
  /** In which the answer is wanted; JSON when left out. */
  readonly form?: ReplyForm | undefined;
  /** Its address is whom to count when there is no credential. */
  readonly client: RequestClient;
}

/** What execution needs. */
export interface ExecuteParts extends RunParts {
  readonly access: KernelAccess;
  readonly limiter: Limiter | undefined;
  readonly cursorsFor: CursorsFor;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly server: ServerFacts;
  readonly timeoutMs: number;
}

/** Whether this caller may call this operation at all. Throws `access.*` problems. */
export function authorise(
  access: KernelAccess,
  { operation }: CompiledOperation,
  caller: Caller,
): void {
  if (operation.access === "public") return;
  const foreign = Object.keys(caller.restrictions ?? {}).find(
    (name) => !operation.keepsTo.includes(name),
  );
  if (foreign !== undefined) {
    throw raiseAccess("access.restricted", { params: { restriction: foreign } });
  }
  const isNobody = caller.kind === "anonymous";
  if (operation.access === "caller" && !isNobody) return;
  const decision = access.can(caller, operation.access);
  if (decision.allowed) return;
  // Whoever may not, and has not said who he is, may by saying it.
  if (isNobody) throw raiseAccess("access.unauthenticated");
  throw raiseAccess("access.forbidden", {
    params: { permission: operation.access },
    internal: decision.reason,
  });
}

/** Checks, counts and runs one call whose caller is known to be allowed. Throws problems only. */
export async function execute(parts: ExecuteParts, call: Call): Promise<Answer> {
  try {
    validate(call);
    const work = isCounted(parts, call) ? countedRun(parts, call) : run(parts, runOf(parts, call));
    return await withinTime(parts, work);
  } catch (error) {
    throw asDeclared(parts, call, error);
  }
}

function validate({ compiled, path, query, body }: Call): void {
  const errors: ProblemPlace[] = [...compiled.checkPath(path), ...compiled.checkQuery(query)];
  if (compiled.checkBody !== undefined) {
    if (body === undefined) errors.push({ pointer: "", detail: "a JSON body is missing" });
    else errors.push(...compiled.checkBody(body));
  }
  if (errors.length > 0) {
    throw raise("request.invalid", { params: { count: errors.length }, errors });
  }
}

/** Whether anything is counted for this call at all. */
function isCounted({ limiter }: ExecuteParts, { caller, compiled }: Call): boolean {
  if (limiter === undefined || caller.kind === "internal") return false;
  return compiled.place.limits.length > 0 || (caller.limits?.length ?? 0) > 0;
}

async function countedRun(parts: ExecuteParts, call: Call): Promise<Answer> {
  const { caller, compiled, client } = call;
  const { address } = client;
  // After validation: a refused call consumes nothing (design §2.2).
  const decision = await parts.limiter?.take({ caller, address, place: compiled.place });
  if (decision === undefined) return await run(parts, runOf(parts, call));
  if (!decision.allowed) throw rateLimited(decision);
  try {
    const answer = await run(parts, runOf(parts, call));
    return { ...answer, headers: { ...rateLimitHeaders(decision), ...answer.headers } };
  } finally {
    decision.release?.();
  }
}

function runOf(parts: ExecuteParts, call: Call): Parameters<typeof run>[1] {
  const { compiled, caller, origin, path, query, body } = call;
  const { operation, ctx } = compiled;
  const filters = recordOf(query);
  const cursor = filters["cursor"];
  const place = { operation: operation.id, organization: caller.organization, query: filters };
  const input: BaseInput = {
    path,
    query,
    body,
    bodyBytes: call.bodyBytes,
    caller,
    client: call.client,
    origin,
    ctx,
    ifMatch: call.ifMatch,
    cursor: parts.cursorsFor(place, typeof cursor === "string" ? cursor : undefined),
  };
  const { idempotent } = operation;
  const key = idempotent === false ? undefined : call.idempotencyKey;
  if (key === undefined) return { compiled, input, keyed: undefined, form: call.form };
  const { organization, subject } = caller;
  const fingerprint = fingerprintOf([path, query, contentOf(call)]);
  const rule = idempotent === true || idempotent === false ? undefined : idempotent;
  const keyed = {
    organization,
    // No subject has this name: the key is everybody's of the organization.
    subject: rule === undefined ? subject : "*",
    operation: operation.id,
    key,
    fingerprint,
    keptMs: rule?.keptMs(ctx) ?? KEPT_MS,
  };
  return { compiled, input, keyed };
}

// Where the bytes are what is stored, they are what must not differ: parsed, two great numbers can be one.
function contentOf({ compiled, body, bodyBytes }: Call): unknown {
  const isKept = compiled.operation.keepsBytes === true;
  if (!isKept || bodyBytes === undefined) return body ?? null;
  return Buffer.from(sha256(bodyBytes)).toString("hex");
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

async function withinTime(parts: ExecuteParts, work: Promise<Answer>): Promise<Answer> {
  const { clock, timeoutMs } = parts;
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(timeoutMs, () => {
    late.reject(raise("request.timeout", { params: { timeoutMs } }));
  });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}

/** What leaves: a declared problem, or `request.internal` with the reason in the log. */
function asDeclared(parts: ExecuteParts, call: Call, error: unknown): Problem {
  const { compiled, origin } = call;
  const fields = { operation: compiled.operation.id, requestId: origin.cause, trace: origin.trace };
  if (!isProblem(error)) {
    parts.logger.error({ ...fields, err: error }, "an operation failed");
    return raise("request.internal", { cause: error });
  }
  if (compiled.declaredCodes.has(error.code)) {
    if (error.status >= 500) parts.logger.error({ ...fields, err: error }, "an operation failed");
    return error;
  }
  parts.logger.error(
    { ...fields, code: error.code, err: error },
    "an operation raised a code it does not declare",
  );
  // In production the caller is better served by the problem; elsewhere the mistake must not go unseen.
  return parts.server.mode === "production" ? error : raise("request.internal", { cause: error });
}
