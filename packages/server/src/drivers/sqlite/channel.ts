import { setImmediate } from "node:timers";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { raiseStore } from "../../kernel/store/index.ts";
import type { Problem } from "../../base/index.ts";
import type {
  FromThread,
  ThreadFault,
  ThreadResult,
  ThreadSettings,
  ThreadStart,
  ToThread,
} from "./messages.ts";

/** How the answer to one request ended. */
export type Answer = Extract<FromThread, { kind: "done" | "refused" }>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Problem) => void;
  readonly begun?: () => void;
}

const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

/**
 * How long one turn of the event loop may stand still for steps of transactions, in ms. A step takes 20–50 µs, but its
 * answer would wait for the end of the turn, and the writer with it: under load some ms for each step.
 */
const PATIENCE_MS = 2;
/** How long it may stand still at once; a step that takes longer is answered like anything else. */
const STAND_MS = 0.3;

/** One thread with its database, and the requests that wait for it. A crash of the thread answers all of them. */
export class ThreadChannel {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  /** Grows with every message of the thread. */
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  readonly #waiting = new Map<number, Waiting>();
  readonly #ready: Promise<void>;
  #outgoing: ToThread[] = [];
  #isUrgent = false;
  #patienceMs = PATIENCE_MS;
  #lastId = 0;
  readonly #lost = Promise.withResolvers<Problem>();
  #ended: string | undefined;
  #isClosing = false;

  constructor(settings: ThreadSettings) {
    const { port1, port2 } = new MessageChannel();
    const start: ThreadStart = { settings, port: port2, answered: this.#answered };
    this.#worker = new Worker(new URL(`./thread${EXTENSION}`, import.meta.url), {
      workerData: start,
      transferList: [port2],
      name: `portico-sqlite-${settings.role}`,
    });
    const ready = Promise.withResolvers<void>();
    this.#ready = ready.promise;
    this.#port = port1;
    this.#port.on("message", (messages: readonly FromThread[]) => {
      if (messages[0]?.kind === "ready") ready.resolve();
      else this.#receive(messages);
    });
    this.#worker.on("error", (error) => {
      this.#fail(String(error));
      ready.reject(this.#refusal());
    });
    this.#worker.on("exit", () => {
      this.#fail("The database thread has ended");
      ready.reject(this.#refusal());
    });
    // Whoever opens awaits `ready`; this keeps a crash before that from ending the process.
    ready.promise.catch(() => undefined);
  }

  /** Settles when the file is open; rejects with `store.unavailable` when it cannot be opened. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Settles when the thread ends without being told to; nothing starts it again. */
  get lost(): Promise<Problem> {
    return this.#lost.promise;
  }

  /** Ends the thread at once; whatever waits is refused, and so is what comes later. */
  abandon(detail: string): void {
    this.#isClosing = true;
    this.#fail(detail);
    void this.#worker.terminate();
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  get outstanding(): number {
    return this.#waiting.size;
  }

  /** Sends with whatever else this turn of the event loop sends, and waits for the outcome. */
  request(message: Extract<ToThread, { id: number }>, begun?: () => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#refusal());
        return;
      }
      this.#waiting.set(
        message.id,
        begun === undefined ? { resolve, reject } : { resolve, reject, begun },
      );
      this.#send(message);
    });
  }

  /** Sends at once: the writer is standing still for it. */
  urge(message: ToThread): void {
    this.#outgoing.push(message);
    this.#flush();
  }

  /** Like `request`, but together with the steps of the same microtask only, and with patience for the answers. */
  requestNow(message: Extract<ToThread, { kind: "step" }>): Promise<Answer> {
    const answer = this.request(message);
    if (!this.#isUrgent) queueMicrotask(() => this.#flushAndStand());
    this.#isUrgent = true;
    return answer;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#ended === undefined) {
      await this.request({ kind: "close", id: this.nextId() });
    }
    this.#ended ??= "The database is closed";
    await this.#worker.terminate();
  }

  #send(message: ToThread): void {
    if (this.#outgoing.length === 0) setImmediate(() => this.#flush());
    this.#outgoing.push(message);
  }

  #flush(): void {
    if (this.#outgoing.length === 0) return;
    const messages = this.#outgoing;
    this.#outgoing = [];
    this.#port.postMessage(messages);
  }

  /** Stands still while the thread answers: the loop and the writer waiting for one another in turns costs both more. */
  #flushAndStand(): void {
    this.#isUrgent = false;
    const before = Atomics.load(this.#answered, 0);
    this.#flush();
    if (this.#patienceMs <= 0) return;
    if (this.#patienceMs === PATIENCE_MS) setImmediate(() => (this.#patienceMs = PATIENCE_MS));
    const startedAt = performance.now();
    const woken = Atomics.wait(this.#answered, 0, before, STAND_MS);
    this.#patienceMs -= woken === "timed-out" ? PATIENCE_MS : performance.now() - startedAt;
    for (;;) {
      const arrived: { message: FromThread[] } | undefined = receiveMessageOnPort(this.#port);
      if (arrived === undefined) return;
      this.#receive(arrived.message);
    }
  }

  #receive(messages: readonly FromThread[]): void {
    for (const message of messages) if (message.kind !== "ready") this.#settle(message);
  }

  #settle(message: Exclude<FromThread, { kind: "ready" }>): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if (message.kind === "begun") {
      waiting.begun?.();
      return;
    }
    this.#waiting.delete(message.id);
    if (message.kind === "failed") waiting.reject(toProblem(message.fault));
    else waiting.resolve(message);
  }

  #fail(detail: string): void {
    this.#ended ??= detail;
    if (!this.#isClosing) this.#lost.resolve(this.#refusal());
    for (const waiting of this.#waiting.values()) waiting.reject(this.#refusal());
    this.#waiting.clear();
  }

  #refusal(): Problem {
    return raiseStore("store.unavailable", { internal: this.#ended ?? "" });
  }
}

function toProblem(fault: ThreadFault): Problem {
  const internal = fault.detail;
  if (fault.code === "store.badValue") {
    return raiseStore(fault.code, { params: { reason: "the column does not take it" }, internal });
  }
  if (fault.constraint === undefined) return raiseStore(fault.code, { internal });
  return raiseStore(fault.code, { internal, params: { constraint: fault.constraint } });
}

/** Rows and changes of an answer; an answer without them has none. */
export function resultOf(answer: Answer): ThreadResult {
  if (answer.kind === "done" && answer.result !== undefined) return answer.result;
  return { rows: [], changes: 0 };
}
