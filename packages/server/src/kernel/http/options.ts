import type { Socket } from "node:net";
import type { Clock, MakeId, ProblemTable } from "../../base/index.ts";
import type { KernelAccess } from "../access/index.ts";
import type {
  Caller,
  Front,
  Intake,
  Mount,
  Limiter,
  Logger,
  Meter,
  Operation,
  Page,
  PluginContext,
  RegisteredOperation,
  RequestObserver,
  Secrets,
  ServerFacts,
  ReplyHeaders,
} from "../contract/index.ts";
import type { StoreHub } from "../store/index.ts";
import type { Probes } from "./probes.ts";

/** An operation with the plugin that declares it and that plugin's context. */
export interface BoundOperation {
  readonly operation: Operation;
  /** Owner of the rows it writes. */
  readonly plugin: string;
  readonly ctx: PluginContext;
}

/** A page with its plugin's context. */
export interface BoundPage {
  readonly page: Page;
  readonly ctx: PluginContext;
}

/** An intake with its plugin's context. */
export interface BoundIntake {
  readonly intake: Intake;
  readonly ctx: PluginContext;
}

/** A mount with its plugin's context. */
export interface BoundMount {
  readonly mount: Mount;
  readonly ctx: PluginContext;
}

/** What an operator may set; every field has a default. */
export interface HttpConfig {
  /** 10 MB. */
  readonly bodyBytesMax?: number;
  /** From the first byte of the head to the answer: 30 s. */
  readonly timeoutMs?: number;
  /** CIDRs of proxies whose `X-Forwarded-For` and `-Proto` are believed; none. */
  readonly trustedProxies?: readonly string[];
  /** Origins of browsers that may call; `["*"]` for any. None. */
  readonly corsOrigins?: readonly string[];
  /** Lets anyone read `/metrics`; else callers with `server:read` and this machine. */
  readonly isMetricsOpen?: boolean;
}

/** One error table and who owns it. */
export interface OwnedErrors {
  readonly owner: string;
  readonly errors: ProblemTable;
}

/** Everything that HTTP is made of. */
export interface HttpOptions {
  readonly operations: readonly BoundOperation[];
  readonly pages: readonly BoundPage[];
  readonly intakes: readonly BoundIntake[];
  readonly mounts: readonly BoundMount[];
  readonly fronts: readonly Front[];
  readonly observers: readonly RequestObserver[];
  readonly access: KernelAccess;
  readonly limiter?: Limiter;
  readonly hub: StoreHub;
  readonly secrets: Pick<Secrets, "derive">;
  readonly probes: Probes;
  /** Tables of the kernel's rooms: every operation may raise their codes. */
  readonly kernelErrors: readonly OwnedErrors[];
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly fillRandom: (bytes: Uint8Array) => void;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly server: ServerFacts;
  readonly config: HttpConfig;
}

/** A call of an operation as a function. */
export interface CallInput {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly ifMatch?: number;
}

/** What an operation answered. */
export interface Answer {
  readonly status: number;
  /** The answer as JSON text; undefined when there is no body. */
  readonly text: string | undefined;
  /** The answer piece by piece, where it is no JSON. */
  readonly stream?: AsyncIterable<string>;
  readonly headers: ReplyHeaders;
}

/** What {@link PorticoHttp.call} gives. */
export interface CallReply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** As a client would read it: declared fields only. Where the operation answers a stream, its pieces of text. */
  readonly body: unknown;
}

/** A request answered in memory, without a socket. */
export interface InjectRequest {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when text or bytes, else as JSON with that content type. */
  readonly body?: unknown;
  readonly remoteAddress?: string;
}

/** Its answer. */
export interface InjectReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Parses the body. */
  json(): unknown;
}

/** The HTTP side of one Portico. */
export interface PorticoHttp {
  /** Starts to take requests; port 0 picks a free one. */
  listen(host: string, port: number): Promise<{ readonly url: string }>;
  /** Serves a connection that another process has accepted and not read from. */
  take(socket: Socket): void;
  /** Answers one request in memory, through everything a socket would meet but the parser. */
  inject(request: InjectRequest): Promise<InjectReply>;
  /** Runs an operation for embedded use: the same checks, no HTTP. Throws problems. */
  call(operationId: string, input: CallInput, caller: Caller): Promise<CallReply>;
  /** Path templates that are Portico's own, base path included: `/api/v1/keys/{id}`. */
  ownPaths(): readonly string[];
  /** Readiness turns 503 and connections close after their answer; what is under way goes on. */
  drain(): void;
  /** Takes no new requests, lets those under way end, and cuts what is left after `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
  /** Every operation served, the kernel's own among them. */
  operations(): readonly RegisteredOperation[];
}
