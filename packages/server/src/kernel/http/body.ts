import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { parseJson, type Clock, type JsonFault, type Problem } from "../../base/index.ts";
import { raise } from "./errors.ts";

/** How a body is read. */
export interface BodyLimits {
  readonly bytesMax: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;

/** Refuses bodies of other types and codings before a byte of them is read. */
export function checkMediaType(request: IncomingMessage): void {
  const type = request.headers["content-type"] ?? "";
  const [essence = "", ...parameters] = type.split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((each) => each.startsWith("charset="))?.slice(8);
  const isUtf8 = charset === undefined || /^"?utf-?8"?$/.test(charset);
  if (!JSON_TYPE.test(essence) || !isUtf8) {
    throw raise("request.mediaType", {
      params: { mediaType: type.slice(0, 100) },
      headers: { accept: "application/json" },
    });
  }
  refuseCoding(request);
}

/** Refuses bodies that are coded. */
export function refuseCoding(request: IncomingMessage): void {
  const coding = request.headers["content-encoding"];
  if (coding !== undefined && coding !== "identity") {
    throw raise("request.contentEncoding", {
      params: { coding: coding.slice(0, 100) },
      headers: { "accept-encoding": "identity" },
    });
  }
}

/** Collects the body. Refuses by Content-Length first, then by what really comes, and when it takes too long. */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const { bytesMax } = limits;
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) {
    reject(tooLarge(bytesMax));
    return promise;
  }
  // Neither Content-Length nor Transfer-Encoding: such a request has ended before it is read and never says so
  // (`optimizeEmptyRequests`).
  if (request.readableEnded) return Promise.resolve(Buffer.alloc(0));
  const chunks: Buffer[] = [];
  let length = 0;
  const refuse = (problem: Problem): void => {
    cancel();
    request.off("data", take);
    request.pause();
    reject(problem);
  };
  const take = (chunk: Buffer): void => {
    length += chunk.byteLength;
    if (length > bytesMax) refuse(tooLarge(bytesMax));
    else chunks.push(chunk);
  };
  const cancel = limits.clock.after(limits.timeoutMs, () => {
    refuse(raise("request.tooSlow", { headers: { connection: "close" } }));
  });
  request.on("data", take);
  request.once("end", () => {
    cancel();
    resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
  });
  request.once("error", (error) => refuse(brokenOff(error)));
  request.once("close", () => {
    if (!request.complete) refuse(brokenOff(undefined));
  });
  return promise;
}

function tooLarge(bytesMax: number): Problem {
  // What is still on its way is not read: the connection cannot be used again.
  return raise("request.bodyTooLarge", {
    params: { bytesMax },
    headers: { connection: "close" },
  });
}

function brokenOff(cause: unknown): Problem {
  return raise("request.framing", { params: { reason: "the body broke off" }, cause });
}

/** The body's value. Nothing at all is `undefined`. */
export function parseBody(bytes: Uint8Array, allowBigNumbers: boolean): unknown {
  if (bytes.byteLength === 0) return undefined;
  const parsed = parseJson(bytes, { allowBigNumbers });
  if (parsed.ok) return parsed.value;
  throw refusalOf(parsed.reason);
}

function refusalOf({ refusal, detail, offset }: JsonFault): Problem {
  const reason = offset > 0 ? `${detail} (at character ${offset})` : detail;
  switch (refusal) {
    case "badText":
      return raise("request.text", { params: { reason } });
    case "bigNumber":
      return raise("request.number", { params: { reason } });
    case "malformed":
    case "encoding":
    case "tooDeep":
    case "duplicateKey":
    case "forbiddenKey":
      return raise("request.malformed", { params: { reason } });
    default:
      return refusal satisfies never;
  }
}
