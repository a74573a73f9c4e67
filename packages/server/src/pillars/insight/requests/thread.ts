import { parentPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import type { FromThread, ThreadSettings, ToThread } from "./messages.ts";
import { RequestFile } from "./request-file.ts";

// The thread is started by this folder only, with these settings.
const settings = workerData as ThreadSettings;
if (parentPort !== null) serve(parentPort, new RequestFile(settings));

function serve(port: MessagePort, file: RequestFile): void {
  const post = (message: FromThread): void => port.postMessage(message);
  port.on("message", (message: ToThread) => {
    try {
      answer(file, message, post);
    } catch (error) {
      post({ kind: "trouble", detail: String(error) });
      if ("id" in message) post({ kind: "refused", id: message.id, detail: String(error) });
    }
  });
}

function answer(file: RequestFile, message: ToThread, post: (message: FromThread) => void): void {
  switch (message.kind) {
    case "write":
      file.write(message.rows);
      return;
    case "forget":
      file.forget(message.now);
      return;
    case "find":
      post({ kind: "found", id: message.id, rows: file.find(message.query) });
      return;
    case "close":
      file.close();
      post({ kind: "found", id: message.id, rows: [] });
      return;
    default:
      message satisfies never;
  }
}
