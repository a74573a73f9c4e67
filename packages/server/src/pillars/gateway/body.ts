import { Buffer } from "node:buffer";
import type { Call } from "./call.ts";
import { raise } from "./errors.ts";
import { CallTimer } from "./upstream/index.ts";

/**
 * Reads the whole body of a request for a step that must look into it, once; `bytesMax` bounds it. Settles with an
 * empty buffer when there is none. Throws `gateway.bodyTooLarge` (413), `gateway.callerTooSlow` (408). From then on the
 * call forwards `call.body`.
 */
export async function readBody(call: Call, bytesMax: number): Promise<Buffer> {
  if (call.body !== undefined) {
    if (call.body.length > bytesMax) throw tooLarge(bytesMax);
    return call.body;
  }
  if (call.isRequestSent) return EMPTY;
  const { request, response } = call.front;
  if ((call.fields?.contentLength ?? 0) > bytesMax) throw tooLarge(bytesMax);
  if (call.fields?.expectsContinue === true) response.writeContinue();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const watch = watchPace(call, reject);
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    watch.took(chunk.length);
    if (bytes > bytesMax) {
      chunks.length = 0;
      reject(tooLarge(bytesMax));
    } else {
      chunks.push(chunk);
    }
  });
  request.on("end", resolve);
  // The caller left: the call ends with its connection, and nobody waits for this body.
  request.on("close", () => reject(raise("gateway.callerLeft")));
  try {
    await promise;
  } finally {
    watch.stop();
  }
  call.isRequestSent = true;
  call.body = Buffer.concat(chunks, bytes);
  return call.body;
}

const LOOKS_MS = 500;

interface Pace {
  took(bytes: number): void;
  stop(): void;
}

/** Looks after the time limits of a body until `stop`; `late` is told of the one that has passed. */
function watchPace({ route }: Call, late: (problem: Error) => void): Pace {
  const { clock } = route.api;
  const timer = new CallTimer();
  timer.isConnecting = false;
  timer.start(clock.monotonic());
  let cancel = (): void => undefined;
  const look = (): void => {
    cancel = clock.after(LOOKS_MS, () => {
      const failure = timer.overdue(clock.monotonic(), route.timeouts, false);
      if (failure === undefined) look();
      else late(raise("gateway.callerTooSlow", { internal: failure.detail }));
    });
  };
  look();
  return {
    took: (bytes) => timer.sent(bytes, clock.monotonic()),
    stop: () => cancel(),
  };
}

function tooLarge(max: number): ReturnType<typeof raise> {
  return raise("gateway.bodyTooLarge", { params: { max } });
}

const EMPTY = Buffer.alloc(0);
