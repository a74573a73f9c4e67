import type { Static, TSchema } from "typebox";
import type { Caller } from "./caller.ts";
import type { PluginContext } from "./context.ts";
import type { LimitSpec } from "./limit-spec.ts";
import type { Append, Read, Tx } from "./store.ts";
import type { Origin } from "./trace.ts";

/** Idempotency-Keys that are not the caller's own for a day, but an organization's for longer. */
export interface IdempotencyRule {
  /** A key is unique within the organization, whoever of it sends it. */
  readonly within: "organization";
  /** How long answers are kept, in milliseconds: read whenever it is asked. */
  readonly keptMs: (ctx: PluginContext) => number;
  /** The same for readers of the API's description: `7 days`. */
  readonly kept: string;
}

/** How an operation meets the store; it decides what `handle` is given. */
export type OperationMode = "read" | "write" | "append";

/** Methods an operation may have. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** An answer other than the first success status of `replies`, or one with headers. */
export interface Reply<TBody = unknown> {
  readonly reply: "portico.reply@1";
  readonly status: number;
  readonly body: TBody;
  readonly headers?: ReplyHeaders;
}

/** Header fields of an answer by their lower-case names; a list is sent as so many lines, as `set-cookie` is. */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

/** Makes an answer with a status or headers of its own. */
export function reply<TBody>(status: number, body: TBody, headers?: ReplyHeaders): Reply<TBody> {
  return headers === undefined
    ? { reply: "portico.reply@1", status, body }
    : { reply: "portico.reply@1", status, body, headers };
}

/** Who sends a request, as far as the request says; only the address is more than its own word. */
export interface RequestClient {
  /** The peer, or what trusted proxies say of it; `127.0.0.1` for a call as a function. */
  readonly address: string;
  /** It came encrypted, here or at a trusted proxy. */
  readonly isHttps: boolean;
  readonly headers: HeaderFields;
}

/** An answer that is text of another kind than JSON, given piece by piece: of any length, held in memory by none. */
export interface StreamedReply {
  readonly reply: "portico.stream@1";
  readonly mediaType: string;
  /** Read as the caller takes it; ended early (`return`) when the caller goes. What it throws cuts the answer off. */
  readonly chunks: AsyncIterable<string>;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Makes the answer of an operation that declares `streams`.
 *
 * @example
 * handle: () => streamed("text/csv; charset=utf-8", rowsAsText(), { "content-disposition": "attachment" })
 */
export function streamed(
  mediaType: string,
  chunks: AsyncIterable<string>,
  headers?: Readonly<Record<string, string>>,
): StreamedReply {
  const parts = { reply: "portico.stream@1" as const, mediaType, chunks };
  return headers === undefined ? parts : { ...parts, headers };
}

/** What every `handle` is given. Inputs are already validated and of the schemas' types. */
export interface OperationInput<TPath, TQuery, TBody> {
  readonly path: TPath;
  readonly query: TQuery;
  readonly body: TBody;
  /**
   * The request's body as it arrived, for what is stored or delivered byte for byte: parsing would lose `1.0` and
   * numbers beyond 2^53. Undefined when the operation was called as a function, with a value and no bytes.
   */
  readonly bodyBytes?: Uint8Array | undefined;
  readonly caller: Caller;
  readonly client: RequestClient;
  readonly origin: Origin;
  readonly ctx: PluginContext;
  /** The request's `If-Match` revision, when one was sent. */
  readonly ifMatch: number | undefined;
  /** Opaque cursors, MACed and bound to this operation and its filters. */
  readonly cursor: Cursors;
}

/** Reads and writes the cursors of a list. */
export interface Cursors {
  /** Values of the row to go on after; undefined on the first page. Throws `request.cursor` when it was altered. */
  readonly after: readonly (string | number)[] | undefined;
  next(values: readonly (string | number)[]): string;
}

/**
 * What each mode adds to the input. `read`: reads only. `write`: rows and emits in one transaction; it may run twice, and
 * what must happen after the commit is a job. `append`: rows and emits without reads between them, synchronously: the
 * durable fast way. (A conditional type, since TypeScript does not infer `TPrepared` through an indexed one.)
 */
type ModeInput<TMode extends OperationMode, TPrepared> = TMode extends "read"
  ? { readonly read: Read }
  : TMode extends "write"
    ? { readonly tx: Tx; readonly prepared: TPrepared }
    : { readonly append: Append; readonly prepared: TPrepared };

/** Lower-case names, as node:http joins them. */
export type HeaderFields = Readonly<Record<string, string | string[] | undefined>>;

/**
 * A form other than JSON in which a request's body may come. It is written as the JSON that the operation's own schema
 * describes, which then goes on as if it had arrived so.
 */
export interface BodyForm {
  /** For the description of the API. */
  readonly mediaType: string;
  /** Whether a body is in this form, by the header fields. */
  matches(headers: HeaderFields): boolean;
  /** The body as JSON in UTF-8. Throws problems. */
  toJson(bytes: Uint8Array, headers: HeaderFields): Uint8Array;
}

/** A form other than JSON in which a read may be answered, for who names it in `Accept`. */
export interface ReplyForm {
  readonly mediaType: string;
  /** Writes what `handle` returned. */
  write(
    value: unknown,
    input: { readonly query: unknown },
  ): { readonly text: string; readonly headers?: Readonly<Record<string, string>> };
}

/** A request as an example. */
export interface ExampleRequest {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as a bearer token in place of the test's own caller: a field of an earlier reply, `{auth.login.accessToken}`. */
  readonly bearer?: string;
  /** Operations to run first, by id, each with its own example; `path` values may name fields of their replies: `{keys.create.id}`. */
  readonly after?: readonly string[];
}

/** A request that is refused for what is there already. What is left out is as in the operation's example. */
export interface RefusedExample extends ExampleRequest {
  /** How often it is sent; the last is refused. Once when left out. */
  readonly times?: number;
}

/** An example request; a test sends it to a seeded store and asks for the success status. */
export interface OperationExample extends ExampleRequest {
  /** By code, such as that of a name that is taken: a request that is refused with it. A test sends each. */
  readonly refused?: Readonly<Record<string, RefusedExample>>;
}

/** Status → schema of the answer; null means no body. */
export type RepliesOf = Readonly<Record<number, TSchema | null>>;

/** The whole declaration. */
export interface OperationSpec<
  TMode extends OperationMode,
  TPath extends TSchema,
  TQuery extends TSchema,
  TBody extends TSchema,
  TPrepared,
  TId extends string = string,
  TReplies extends RepliesOf = RepliesOf,
> {
  /** `notes.create`: plugin, verb. SDK method, metric label, audit action. */
  readonly id: TId;
  readonly method: Method;
  /** Below `/api/v1`, with `{id}` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** `public`: anyone. `caller`: anyone with a credential. Else a permission. */
  readonly access: "public" | "caller" | (string & {});
  readonly mode: TMode;
  /** Such as `"60/min"`, each per caller unless it says otherwise. */
  readonly limits?: readonly LimitSpec[];
  /** True on POSTs that create: `Idempotency-Key` is honoured, for 24 h and for the caller, unless a rule says otherwise. */
  readonly idempotent?: boolean | IdempotencyRule;
  /** `full` keeps an entry for every call, `none` none. Writes are audited unless told otherwise. */
  readonly audit?: "full" | "none";
  readonly params?: TPath;
  readonly query?: TQuery;
  readonly body?: TBody;
  /** Largest body in bytes; 10 MB when left out. */
  readonly bodyBytesMax?: number;
  /**
   * True where `handle` stores `bodyBytes`: numbers that JavaScript cannot hold exactly are then let through in the
   * body. Everywhere else they are refused (`request.number`), since parsing would alter them silently.
   */
  readonly keepsBytes?: boolean;
  /** Other forms of the body than JSON. */
  readonly bodyForms?: readonly BodyForm[];
  /** Other forms of a read's answer than JSON. */
  readonly replyForms?: readonly ReplyForm[];
  /** Status → schema of the answer. The first 2xx is the answer of a plain return value; null means no body. */
  readonly replies: TReplies;
  /** Of a read that answers text in pieces (`streamed`): the media types; its success status declares no body. */
  readonly streams?: readonly string[];
  /**
   * Restrictions of a caller that `handle` keeps to (`caller.restrictions`). A caller with any other is refused
   * (`access.restricted`): whoever declares a name here sees to it that such a caller reads and changes nothing else.
   */
  readonly keepsTo?: readonly string[];
  /** Codes from this plugin's error table (or a kernel code) that `handle` may raise. */
  readonly errors?: readonly string[];
  readonly example: OperationExample;
  /** Fields of the answer that are shown once: a replay of the same Idempotency-Key has null there. */
  readonly onceOnly?: readonly string[];
  /**
   * Asynchronous work before the transaction: hashing, signing, look-ups. An `append` whose rows met others that came
   * meanwhile (`store.conflict`) is prepared and written once more, on what is there now.
   */
  readonly prepare?: (
    input: OperationInput<Static<TPath>, Static<TQuery>, Static<TBody>> & { readonly read: Read },
  ) => Promise<TPrepared>;
  readonly handle: (
    input: OperationInput<Static<TPath>, Static<TQuery>, Static<TBody>> &
      ModeInput<TMode, TPrepared>,
  ) => TMode extends "write" ? Promise<unknown> : unknown;
  /**
   * Awaited between the commit of a `write` and its answer: for what this process holds in memory and must follow, so
   * that whoever was answered finds it in force. It refuses nothing any more; what it throws is logged.
   */
  readonly afterCommit?: (ctx: PluginContext) => Promise<void>;
}

/** An operation of any types, as the registry holds it. */
export interface Operation {
  readonly id: string;
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: string;
  readonly mode: OperationMode;
  readonly limits: readonly LimitSpec[];
  readonly idempotent: boolean | IdempotencyRule;
  readonly audit: "full" | "none";
  readonly params: TSchema | undefined;
  readonly query: TSchema | undefined;
  readonly body: TSchema | undefined;
  readonly bodyBytesMax: number | undefined;
  readonly keepsBytes?: boolean;
  readonly bodyForms?: readonly BodyForm[];
  readonly replyForms?: readonly ReplyForm[];
  readonly replies: Readonly<Record<number, TSchema | null>>;
  readonly streams?: readonly string[];
  readonly keepsTo: readonly string[];
  readonly errors: readonly string[];
  readonly example: OperationExample;
  readonly onceOnly: readonly string[];
  readonly prepare: ((input: never) => Promise<unknown>) | undefined;
  readonly handle: (input: never) => unknown;
  readonly afterCommit?: (ctx: PluginContext) => Promise<void>;
}

/** The schemas of one operation, as types. */
export interface OperationTypes<
  TPath extends TSchema = TSchema,
  TQuery extends TSchema = TSchema,
  TBody extends TSchema = TSchema,
  TReplies extends RepliesOf = RepliesOf,
> {
  readonly path: TPath;
  readonly query: TQuery;
  readonly body: TBody;
  readonly replies: TReplies;
}

/** An operation that knows its id and the types of its schemas: it is a function for whoever embeds the server. */
export interface TypedOperation<
  TId extends string = string,
  TTypes extends OperationTypes = OperationTypes,
> extends Operation {
  readonly id: TId;
  /** Carries types only; never set. */
  readonly types?: TTypes;
}

/** One part of an input: absent where no schema was declared, optional where it may be empty. */
type Part<TName extends string, TPart extends TSchema> = TSchema extends TPart
  ? unknown
  : Partial<Static<TPart>> extends Static<TPart>
    ? { readonly [name in TName]?: Static<TPart> }
    : { readonly [name in TName]: Static<TPart> };

/** What an operation is called with. */
export type InputOf<TOperation> =
  TOperation extends TypedOperation<string, OperationTypes<infer TPath, infer TQuery, infer TBody>>
    ? Part<"path", TPath> & Part<"query", TQuery> & Part<"body", TBody> & CallOptions
    : never;

/** What a call may carry beside the parts of its input. */
export interface CallOptions {
  /** Where the operation is idempotent: a second call with the same key answers what the first did. */
  readonly idempotencyKey?: string;
  /** The revision that must still be in force; else `request.revision`. */
  readonly ifMatch?: number;
}

/** What an operation answers: the body of its success statuses, undefined where there is none. */
export type ReplyOf<TOperation> =
  TOperation extends TypedOperation<
    string,
    OperationTypes<TSchema, TSchema, TSchema, infer TReplies>
  >
    ? { [TStatus in keyof TReplies]: BodyOf<TReplies[TStatus]> }[keyof TReplies]
    : never;

type BodyOf<TReply> = TReply extends TSchema ? Static<TReply> : undefined;

/**
 * Describes one operation: method, path, schemas, permission and code. Route, validation, access check, limit,
 * OpenAPI entry, typed function, metrics, audit and request log follow from it.
 *
 * @example
 * export const createNote = operation({
 *   id: "notes.create", method: "POST", path: "/notes", summary: "Create a note",
 *   access: "notes:write", mode: "write", idempotent: true,
 *   body: Type.Object({ text: Type.String() }),
 *   replies: { 201: Type.Object({ id: Type.String(), text: Type.String() }) },
 *   example: { body: { text: "Buy milk" } },
 *   async handle({ body, tx, ctx }) {
 *     const id = ctx.makeId("note");
 *     await tx.db<NoteTables>().insertInto("notes_notes").values({ id, text: body.text }).execute();
 *     return { id, text: body.text };
 *   },
 * });
 */
export function operation<
  TMode extends OperationMode,
  TPath extends TSchema = TSchema,
  TQuery extends TSchema = TSchema,
  TBody extends TSchema = TSchema,
  TPrepared = unknown,
  const TId extends string = string,
  TReplies extends RepliesOf = RepliesOf,
>(
  spec: OperationSpec<TMode, TPath, TQuery, TBody, TPrepared, TId, TReplies>,
): TypedOperation<TId, OperationTypes<TPath, TQuery, TBody, TReplies>> {
  const { method } = spec;
  return {
    id: spec.id,
    method,
    path: spec.path,
    summary: spec.summary,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    access: spec.access,
    mode: spec.mode,
    limits: spec.limits ?? [],
    idempotent: spec.idempotent ?? false,
    audit: spec.audit ?? (method === "GET" ? "none" : "full"),
    params: spec.params,
    query: spec.query,
    body: spec.body,
    bodyBytesMax: spec.bodyBytesMax,
    ...(spec.keepsBytes === undefined ? {} : { keepsBytes: spec.keepsBytes }),
    ...(spec.bodyForms === undefined ? {} : { bodyForms: spec.bodyForms }),
    ...(spec.replyForms === undefined ? {} : { replyForms: spec.replyForms }),
    replies: spec.replies,
    ...(spec.streams === undefined ? {} : { streams: spec.streams }),
    keepsTo: spec.keepsTo ?? [],
    errors: spec.errors ?? [],
    example: spec.example,
    onceOnly: spec.onceOnly ?? [],
    // The registry calls these only with inputs that the schemas above have accepted.
    prepare: spec.prepare,
    handle: spec.handle,
    ...(spec.afterCommit === undefined ? {} : { afterCommit: spec.afterCommit }),
  };
}
