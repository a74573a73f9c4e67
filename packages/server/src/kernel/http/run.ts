import { isProblem } from "../../base/index.ts";
import type { AppendSession, StoreHub, TxSession } from "../store/index.ts";
import type {
  AuditNote,
  OperationInput,
  Reply,
  ReplyForm,
  StreamedReply,
  TransactionOptions,
} from "../contract/index.ts";
import type { CompiledOperation } from "./compile.ts";
import type { Idempotency, KeyedRequest } from "./idempotency.ts";
import type { Answer } from "./options.ts";

/** Input as every mode shares it. */
export type BaseInput = OperationInput<unknown, unknown, unknown>;

/** The same with what `prepare` made. */
interface Prepared extends BaseInput {
  readonly prepared: unknown;
}

/** One run of an operation, with everything checked. */
export interface Run {
  readonly compiled: CompiledOperation;
  readonly input: BaseInput;
  /** Present when the request carries an Idempotency-Key that this operation honours. */
  readonly keyed: KeyedRequest | undefined;
  /** The form in which the caller asked for the answer; JSON when left out. */
  readonly form?: ReplyForm | undefined;
}

/** What runs need. */
export interface RunParts {
  readonly hub: StoreHub;
  readonly idempotency: Idempotency;
}

/** Runs an operation as its mode says. What it answers for a change is durable. */
export async function run(parts: RunParts, given: Run): Promise<Answer> {
  const { keyed } = given;
  if (keyed === undefined) return await runOnce(parts, given);
  return await parts.idempotency.alone(keyed, async () => {
    // Before `prepare`: a replay must not hash, sign or call anybody again.
    const known = await parts.idempotency.find(keyed);
    return known ?? (await runOnce(parts, given));
  });
}

async function runOnce(parts: RunParts, given: Run): Promise<Answer> {
  const { compiled, input } = given;
  const { operation, plugin } = compiled;
  const scope = { organization: input.caller.organization };
  // The registry's operations take `never`: their inputs have passed the schemas their code was typed by.
  const handle = operation.handle as (input: unknown) => unknown;
  if (operation.mode === "read") {
    const value = await handle({ ...input, read: parts.hub.read(plugin, scope) });
    if (isStreamed(value)) return streamedAnswer(compiled, value);
    return given.form === undefined ? answerOf(compiled, value) : formedAnswer(given, value);
  }
  const prepare = operation.prepare as ((input: unknown) => Promise<unknown>) | undefined;
  const prepared = await prepare?.({ ...input, read: parts.hub.read(plugin, scope) });
  const options = { scope, origin: input.origin };
  const ready = { ...given, input: { ...input, prepared } };
  if (operation.mode === "append") {
    const again = async (): Promise<Run> => {
      const read = parts.hub.read(plugin, scope);
      const input: Prepared = {
        ...given.input,
        prepared: await prepare?.({ ...given.input, read }),
      };
      return { ...given, input };
    };
    return await append({ parts, options, handle, again }, ready);
  }
  const answer = await parts.hub.transaction(options, (session) =>
    write({ parts, session, handle }, ready),
  );
  await followUp(compiled);
  return answer;
}

/** The change is durable: what fails from here on is this process's own affair. */
async function followUp({ operation, ctx }: CompiledOperation): Promise<void> {
  try {
    await operation.afterCommit?.(ctx);
  } catch (error) {
    ctx.logger.error(
      { err: error, operation: operation.id },
      "a committed change was not followed",
    );
  }
}

interface WriteParts {
  readonly parts: RunParts;
  readonly session: TxSession;
  readonly handle: (input: unknown) => unknown;
}

async function write({ parts, session, handle }: WriteParts, given: Run): Promise<Answer> {
  const { compiled, input, keyed } = given;
  const { idempotency } = parts;
  if (keyed !== undefined) {
    const known = await idempotency.claim(session.as("http"), keyed);
    if (known !== undefined) return known;
  }
  const tx = session.as(compiled.plugin);
  const value = await handle({ ...input, tx });
  if (compiled.operation.audit === "full") tx.audit(auditNote(given, value));
  const answer = answerOf(compiled, value);
  if (keyed !== undefined) {
    await idempotency.settle(session.as("http"), keyed, keptAnswer(compiled, answer));
  }
  return answer;
}

interface AppendParts {
  readonly parts: RunParts;
  readonly options: TransactionOptions;
  readonly handle: (input: unknown) => unknown;
  /** Prepares the run once more. */
  readonly again: () => Promise<Run>;
}

async function append(given: AppendParts, run: Run): Promise<Answer> {
  const { parts, options } = given;
  const { keyed } = run;
  const attempt = (ready: Run): Promise<Answer> =>
    parts.hub.append(options, (session) => appendOnce(given, session, ready));
  try {
    return await attempt(run);
  } catch (error) {
    if (!isProblem(error) || error.code !== "store.conflict") throw error;
    const known = keyed && (await parts.idempotency.find(keyed));
    if (known !== undefined) return known;
    // Either an old row was in the way, or the conflict is the operation's own, which may see now what is there.
    if (keyed !== undefined) await parts.idempotency.forgetOld(keyed, options.origin);
    return await attempt(await given.again());
  }
}

function appendOnce({ parts, handle }: AppendParts, session: AppendSession, run: Run): Answer {
  const { compiled, input, keyed } = run;
  const batch = session.as(compiled.plugin);
  const value = handle({ ...input, append: batch });
  if (value instanceof Promise) {
    // Nobody awaits it: its failure is told by the line below.
    value.catch(() => undefined);
    throw new TypeError(`${compiled.operation.id}: handle of an append must answer synchronously`);
  }
  if (compiled.operation.audit === "full") batch.audit(auditNote(run, value));
  const answer = answerOf(compiled, value);
  if (keyed !== undefined) {
    parts.idempotency.write(session.as("http"), keyed, keptAnswer(compiled, answer));
  }
  return answer;
}

function auditNote({ compiled, input }: Run, value: unknown): AuditNote {
  const body = isReply(value) ? value.body : value;
  return { action: compiled.operation.id, target: idOf(body) ?? firstOf(input.path) ?? "" };
}

function idOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("id" in value)) return undefined;
  return typeof value.id === "string" ? value.id : undefined;
}

function firstOf(path: unknown): string | undefined {
  if (typeof path !== "object" || path === null) return undefined;
  return Object.values(path).find((value): value is string => typeof value === "string");
}

function isReply(value: unknown): value is Reply {
  return (
    typeof value === "object" &&
    value !== null &&
    "reply" in value &&
    value.reply === "portico.reply@1"
  );
}

function isStreamed(value: unknown): value is StreamedReply {
  return (
    typeof value === "object" &&
    value !== null &&
    "reply" in value &&
    value.reply === "portico.stream@1"
  );
}

function streamedAnswer(
  { operation, successStatus }: CompiledOperation,
  given: StreamedReply,
): Answer {
  const { mediaType, chunks, headers } = given;
  if (operation.streams === undefined) {
    throw new TypeError(`${operation.id} answered a stream, which it does not declare`);
  }
  const type = { "content-type": mediaType, "cache-control": "no-store" };
  return {
    status: successStatus,
    text: undefined,
    stream: chunks,
    headers: { ...type, ...headers },
  };
}

/** The answer of what `handle` returned: status, text with declared fields only, ETag of its revision. */
function answerOf(compiled: CompiledOperation, value: unknown): Answer {
  const given = isReply(value) ? value : undefined;
  const status = given?.status ?? compiled.successStatus;
  const body = given === undefined ? value : given.body;
  const writer = compiled.writers.get(status);
  if (writer === undefined) {
    throw new TypeError(`${compiled.operation.id} answered ${status}, which it does not declare`);
  }
  return {
    status,
    text: writer === null ? undefined : writer(body),
    headers: { ...etagOf(body), ...given?.headers },
  };
}

/** The answer of a read in another form than JSON. */
function formedAnswer({ compiled, input, form }: Run, value: unknown): Answer {
  if (form === undefined || isReply(value)) return answerOf(compiled, value);
  const { text, headers } = form.write(value, { query: input.query });
  const type = { "content-type": form.mediaType, vary: "Accept" };
  return { status: compiled.successStatus, text, headers: { ...type, ...headers } };
}

function etagOf(body: unknown): Readonly<Record<string, string>> {
  if (typeof body !== "object" || body === null || !("revision" in body)) return {};
  return Number.isInteger(body.revision) ? { etag: `"${String(body.revision)}"` } : {};
}

/** What is kept for replays: fields that are shown once are null there. */
function keptAnswer({ operation }: CompiledOperation, answer: Answer): Answer {
  if (operation.onceOnly.length === 0 || answer.text === undefined) return answer;
  const hidden = Object.fromEntries(operation.onceOnly.map((field) => [field, null]));
  // Text that `answerOf` has just written from an object.
  const body = JSON.parse(answer.text) as Record<string, unknown>;
  return { ...answer, text: JSON.stringify({ ...body, ...hidden }) };
}
