import { setImmediate } from "node:timers";
import { Worker } from "node:worker_threads";
import { raiseStore } from "../../kernel/store/index.ts";
import type { Problem } from "../../base/index.ts";
import type {
  FromThread,
  ThreadFault,
  ThreadResult,
  ThreadSettings,
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

/** One thread with its database, and the requests that wait for it. A crash of the thread answers all of them. */
export class ThreadChannel {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ready: Promise<void>;
  #outgoing: ToThread[] = [];
  #lastId = 0;
  #ended: string | undefined;

  constructor(settings: ThreadSettings) {
    this.#worker = new Worker(new URL(`./thread${EXTENSION}`, import.meta.url), {
      workerData: settings,
      name: `portico-sqlite-${settings.role}`,
    });
    const ready = Promise.withResolvers<void>();
    this.#ready = ready.promise;
    this.#worker.on("message", (messages: readonly FromThread[]) => {
      for (const message of messages) {
        if (message.kind === "ready") ready.resolve();
        else this.#receive(message);
      }
    });
    this.#worker.on("error", (error) => {
      this.#fail(String(error));
      ready.reject(this.#lost());
    });
    this.#worker.on("exit", () => {
      this.#fail("The database thread has ended");
      ready.reject(this.#lost());
    });
    // Whoever opens awaits `ready`; this keeps a crash before that from ending the process.
    ready.promise.catch(() => undefined);
  }

  /** Settles when the file is open; rejects with `store.unavailable` when it cannot be opened. */
  ready(): Promise<void> {
    return this.#ready;
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
        reject(this.#lost());
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

  /** Like `request`, but at once. */
  requestNow(message: Extract<ToThread, { id: number }>): Promise<Answer> {
    const answer = this.request(message);
    this.#flush();
    return answer;
  }

  async close(): Promise<void> {
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
    this.#worker.postMessage(messages);
  }

  #receive(message: Exclude<FromThread, { kind: "ready" }>): void {
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
    for (const waiting of this.#waiting.values()) waiting.reject(this.#lost());
    this.#waiting.clear();
  }

  #lost(): Problem {
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
