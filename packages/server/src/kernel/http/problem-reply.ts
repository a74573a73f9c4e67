import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { STATUS_CODES } from "node:http";
import type { Problem } from "../../base/index.ts";
import { ownUrl, type ServerFacts } from "../contract/index.ts";

/** Media type of every refusal (RFC 9457). */
export const PROBLEM_TYPE = "application/problem+json";

/** Where a problem happened. */
export interface ProblemOccurrence {
  /** Address of the errors' pages, without the code: `https://api.example.com/docs/errors`. */
  readonly docsUrl: string;
  readonly requestId: string;
  /** Path of the request, without its query, which may hold secrets. */
  readonly instance?: string;
}

/** Address of the errors' pages, without the code. */
export function docsUrlOf(server: Pick<ServerFacts, "publicUrl" | "basePath" | "ownHost">): string {
  return `${ownUrl(server)}/docs/errors`;
}

/** The problem document as it crosses the wire: code and public text, never the internal part or the cause. */
export function problemDocument(
  problem: Problem,
  { docsUrl, requestId, instance }: ProblemOccurrence,
): Record<string, unknown> {
  const { params, errors, members } = problem.options;
  return {
    ...members,
    type: `${docsUrl}/${problem.code}`,
    title: titleOf(problem.code, problem.status),
    status: problem.status,
    detail: problem.message,
    ...(instance === undefined ? {} : { instance }),
    code: problem.code,
    requestId,
    ...(params === undefined ? {} : { params }),
    ...(errors === undefined ? {} : { errors }),
  };
}

/** The same for every occurrence of a code: `notes.tooLong` → "Too long". */
function titleOf(code: string, status: number): string {
  const word = code.slice(code.lastIndexOf(".") + 1);
  if (word === "") return STATUS_CODES[status] ?? "Error";
  const spaced = word.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** Answers a problem where Fastify has no hand in it: before routing, and for fronts. */
export function sendProblem(
  response: ServerResponse,
  problem: Problem,
  occurrence: ProblemOccurrence,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(problemDocument(problem, occurrence));
  for (const [name, value] of Object.entries(problem.options.headers ?? {})) {
    response.setHeader(name, value);
  }
  response.setHeader("x-request-id", occurrence.requestId);
  response.setHeader("x-content-type-options", "nosniff");
  response.writeHead(problem.status, {
    "content-type": PROBLEM_TYPE,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}

/** Answers a problem on a bare socket, where node has no response object: parse errors, upgrades, CONNECT. */
export function endWithProblem(
  socket: Duplex,
  problem: Problem,
  occurrence: ProblemOccurrence,
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(problemDocument(problem, occurrence));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? "Error"}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    `X-Request-Id: ${occurrence.requestId}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
