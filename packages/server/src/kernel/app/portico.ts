import {
  CliVerbs,
  type Caller,
  type CliVerb,
  type InputOf,
  type LogEvent,
  type PluginContext,
  type Provided,
  type ReplyOf,
  type Started,
  type Tx,
  type TypedOperation,
} from "../contract/index.ts";
import type {
  CallInput,
  CallReply,
  InjectReply,
  InjectRequest,
  PorticoHttp,
} from "../http/index.ts";
import { contributionsTo } from "./context.ts";
import { raise } from "./errors.ts";
import { contextIn, type Parts } from "./parts.ts";
import type { Spine } from "./spine.ts";

/** One server: embedded in a process, under test, or listening. */
export interface Portico {
  /**
   * Starts the plugins in order, then the log and the jobs. Throws `app.startFailed` after stopping what had started.
   * `{ work: false }` starts the plugins alone: a command asks one thing of a server and must deliver nothing.
   */
  start(options?: { readonly work?: boolean }): Promise<void>;
  /** Takes requests from a socket; port 0 picks a free one. */
  listen(host: string, port: number): Promise<{ readonly url: string }>;
  /** Turns readiness off: balancers stop sending while what is under way goes on. */
  drain(): void;
  /** Ends everything in the reverse order of the start, within `deadlineMs` (25,000 when left out). */
  stop(deadlineMs?: number): Promise<void>;
  /** Runs an operation as a function. */
  call(operationId: string, input: CallInput, caller: Caller): Promise<CallReply>;
  /**
   * Runs an operation as a typed function: input and answer are of its schemas. The same checks as over HTTP; a refusal
   * is thrown as a problem.
   *
   * @example
   * const note = await portico.run(createNote, { body: { text: "Buy milk" } }, caller);
   */
  run<TOperation extends TypedOperation>(
    operation: TOperation,
    input: InputOf<TOperation>,
    caller: Caller,
  ): Promise<ReplyOf<TOperation>>;
  /** Answers one HTTP request without a socket. */
  inject(request: InjectRequest): Promise<InjectReply>;
  /** Settles when every committed event has had its consequences and no job could run now. */
  settled(): Promise<void>;
  /** A plugin's own context; throws when there is no such plugin. */
  context(plugin: string): PluginContext;
  /** Commands that plugins contribute to the CLI, each with its plugin's context. */
  cliVerbs(): readonly { readonly verb: CliVerb; readonly ctx: PluginContext }[];
  readonly http: PorticoHttp;
  readonly spine: Spine;
  [Symbol.asyncDispose](): Promise<void>;
}

type Stop = () => Promise<void>;

/** The lifecycle over assembled parts. */
export function createPortico(parts: Parts & { readonly http: PorticoHttp }): Portico {
  const { spine, http } = parts;
  const stops: Stop[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (deadlineMs = 25_000): Promise<void> =>
    (stopping ??= stopAll({ parts, stops, deadlineMs }));
  return {
    start: async ({ work = true } = {}) => {
      try {
        await startPlugins(parts, stops);
        if (work) await startWork(parts, stops);
        parts.state.isStarted = true;
      } catch (error) {
        await stop();
        throw error;
      }
    },
    listen: (host, port) => http.listen(host, port),
    drain: () => {
      http.drain();
    },
    stop,
    call: (operationId, input, caller) => http.call(operationId, input, caller),
    run: async (operation, input, caller) => {
      const { body } = await http.call(operation.id, input, caller);
      // Written by the schemas that the type is made of.
      return body as ReplyOf<typeof operation>;
    },
    inject: (request) => http.inject(request),
    settled: () => settled(spine),
    context: (plugin) => contextIn(parts, plugin),
    cliVerbs: () =>
      contributionsTo(parts.exchange, CliVerbs).map(({ value, ctx }) => ({ verb: value, ctx })),
    http,
    spine,
    [Symbol.asyncDispose]: () => stop(),
  };
}

async function startPlugins(parts: Parts, stops: Stop[]): Promise<void> {
  const { plugins, exchange, spine } = parts;
  for (const plugin of plugins) {
    const ctx = contextIn(parts, plugin.id);
    for (const [name, definition] of Object.entries(plugin.jobs ?? {})) {
      spine.registry.add({ plugin: plugin.id, name, definition, ctx: () => ctx });
    }
    for (const [name, reaction] of Object.entries(plugin.reactions ?? {})) {
      await spine.log.registerConsumer({
        owner: plugin.id,
        name,
        types: reaction.types,
        ...(reaction.batch === undefined ? {} : { batch: reaction.batch }),
        ...(reaction.concerns === undefined
          ? {}
          : {
              concerns: async (events, read) =>
                (await reaction.concerns?.(events, read, ctx)) ?? true,
            }),
        handle: (events: readonly LogEvent[], tx: Tx) => reaction.handle(events, tx, ctx),
      });
    }
  }
  for (const plugin of plugins) {
    const started = await startOne(plugin.id, () => plugin.start?.(contextIn(parts, plugin.id)));
    for (const { capability, value } of started?.provides ?? ([] as readonly Provided[])) {
      exchange.provided.set(capability, value);
    }
    if (started?.stop !== undefined) stops.push(started.stop);
  }
}

async function startWork({ spine, plugins }: Parts, stops: Stop[]): Promise<void> {
  await spine.auditor.start();
  stops.push(() => spine.auditor.stop());
  await spine.log.start();
  stops.push(() => spine.log.stop());
  await spine.jobs.start();
  stops.push(() => spine.jobs.stop({ graceMs: 10_000 }));
  await spine.schedules.start(
    plugins.map(({ id: plugin, schedules = {} }) => ({ plugin, schedules })),
  );
  stops.push(() => spine.schedules.stop());
}

async function startOne(
  plugin: string,
  start: () => Promise<Started | void> | undefined,
): Promise<Started | undefined> {
  try {
    return (await start()) ?? undefined;
  } catch (cause) {
    throw raise("app.startFailed", { params: { plugin }, cause });
  }
}

/** First no new requests, then jobs, log and plugins in the reverse order of their start, then the database. */
async function stopAll(given: {
  readonly parts: Parts & { readonly http: PorticoHttp };
  readonly stops: Stop[];
  readonly deadlineMs: number;
}): Promise<void> {
  const { parts, stops, deadlineMs } = given;
  const { clock, logger, driver, outbound } = parts.options;
  const late = Promise.withResolvers<void>();
  const cancel = clock.after(deadlineMs, () => {
    late.reject(raise("app.stopTimeout", { params: { deadlineMs } }));
  });
  const steps: readonly Stop[] = [
    () => parts.http.close(Math.max(0, deadlineMs - 5_000)),
    ...stops.toReversed(),
    () => parts.spine.changes.stop(),
    () => outbound.close(),
    () => driver.close(),
  ];
  const inOrder = async (): Promise<void> => {
    for (const step of steps) {
      // What fails to stop must not keep the rest from stopping.
      await step().catch((error: unknown) => {
        logger.error({ error }, "a part of the server failed to stop");
      });
    }
  };
  try {
    await Promise.race([inOrder(), late.promise]);
  } finally {
    cancel();
  }
}

/** Consequences may have consequences: asks again until nothing moved. */
async function settled({ log, jobs }: Spine): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await log.drained();
    await jobs.drained();
  }
}
