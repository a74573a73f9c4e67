import { Worker } from "node:worker_threads";
import type { FromThread, ThreadSettings, ToThread } from "./messages.ts";
import type { PlacedRow, RequestQuery, RequestRow, RequestRows } from "./request-row.ts";

interface Waiting {
  readonly resolve: (rows: readonly PlacedRow[]) => void;
  readonly reject: (error: Error) => void;
}

/** Told when the thread met something an operator should know. */
export type Trouble = (detail: string) => void;

/**
 * Rows in `requests.db`, written and read on a thread of their own: the main thread opens no database. The file is outside
 * the promise: it is written without waiting for the disk, and a crash may lose its last moments.
 */
export function fileRows(settings: ThreadSettings, trouble: Trouble): RequestRows {
  // From source it is .ts, from the package .js.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./thread.${extension}`, import.meta.url), {
    workerData: settings,
    name: "portico-requests",
  });
  worker.unref();
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let isClosed = false;
  const failAll = (detail: string): void => {
    isClosed = true;
    for (const { reject } of waiting.values()) reject(new TypeError(detail));
    waiting.clear();
  };
  worker.on("message", (message: FromThread) => {
    if (message.kind === "trouble") {
      trouble(message.detail);
      return;
    }
    const asked = waiting.get(message.id);
    if (message.kind === "found") asked?.resolve(message.rows);
    else asked?.reject(new TypeError(message.detail));
    waiting.delete(message.id);
  });
  worker.on("error", (error: Error) => {
    trouble(error.message);
    failAll(error.message);
  });
  worker.on("exit", () => failAll("the request log has ended"));
  const post = (message: ToThread): void => worker.postMessage(message);
  const ask = (make: (id: number) => ToThread): Promise<readonly PlacedRow[]> =>
    new Promise((resolve, reject) => {
      if (isClosed) {
        resolve([]);
        return;
      }
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      post(make(lastId));
    });
  return {
    write: (rows: readonly RequestRow[]) => {
      if (!isClosed) post({ kind: "write", rows });
    },
    forget: (now: number) => {
      if (!isClosed) post({ kind: "forget", now });
    },
    find: (query: RequestQuery) => ask((id) => ({ kind: "find", id, query })),
    close: async () => {
      if (isClosed) return;
      await ask((id) => ({ kind: "close", id }));
      isClosed = true;
      await worker.terminate();
    },
  };
}
