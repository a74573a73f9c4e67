import { receiveMessageOnPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { Connection, ConnectionFault } from "./connection.ts";
import { GroupCommit } from "./group.ts";
import type { FromThread, ThreadStart, ToThread } from "./messages.ts";

// The thread is started by this folder only, with these settings.
serve(workerData as ThreadStart);

function serve({ settings, port, answered }: ThreadStart): void {
  const connection = new Connection(settings);
  const post = (messages: readonly FromThread[]): void => {
    port.postMessage(messages);
    // Whoever stands still for it looks at the port again.
    Atomics.add(answered, 0, 1);
    Atomics.notify(answered, 0);
  };
  if (settings.role === "writer") {
    const group = new GroupCommit(connection, { post, drain: () => drain(port) }, settings);
    port.on("message", (messages: readonly ToThread[]) => group.receive(messages));
  } else {
    port.on("message", (messages: readonly ToThread[]) => {
      post(messages.map((message) => answer(connection, message)));
    });
  }
  post([{ kind: "ready" }]);
}

function drain(port: MessagePort): readonly ToThread[] {
  const received: { message: readonly ToThread[] } | undefined = receiveMessageOnPort(port);
  return received?.message ?? [];
}

function answer(connection: Connection, message: ToThread): FromThread {
  const id = "id" in message ? message.id : -1;
  try {
    switch (message.kind) {
      case "read":
        return { kind: "done", id, result: connection.execute(message.statement) };
      case "copy":
        connection.execute({ sql: "vacuum into ?", parameters: [message.file] });
        return { kind: "done", id };
      case "close":
        connection.close();
        return { kind: "done", id };
      default:
        return { kind: "failed", id, fault: { code: "store.statement", detail: message.kind } };
    }
  } catch (error) {
    const fault =
      error instanceof ConnectionFault
        ? error.fault
        : ({ code: "store.statement", detail: String(error) } as const);
    return { kind: "failed", id, fault };
  }
}
