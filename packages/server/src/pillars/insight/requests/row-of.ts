import { redactText } from "portico/kernel";
import type { AnsweredRequest, RequestDetails } from "portico/kernel";
import type { Kept } from "./budget.ts";
import type { KeptDetails, RequestRow } from "./request-row.ts";

const PATH_LENGTH_MAX = 2_048;

/** The row of a request that is kept. */
export function rowOf(
  request: AnsweredRequest,
  kept: Kept,
  redact: (details: RequestDetails) => KeptDetails,
): RequestRow {
  return {
    id: request.id,
    trace: request.trace,
    organization: request.organization,
    subject: request.subject,
    at: Math.floor(request.at),
    durationMs: request.durationMs,
    method: request.method,
    route: request.route,
    path: redactText(request.path.slice(0, PATH_LENGTH_MAX)),
    status: request.status,
    code: request.code,
    clientAddress: request.clientAddress,
    kept,
    api: request.api,
    version: request.version,
    credential: request.credential,
    credentialName: request.credentialName,
    bytesIn: request.bytesIn,
    bytesOut: request.bytesOut,
    upstreamMs: request.upstreamMs,
    cache: request.cache,
    details: JSON.stringify(redact(request.details())),
  };
}
