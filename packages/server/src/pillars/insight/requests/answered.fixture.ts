import type { AnsweredRequest } from "portico/kernel";

/** An answered request as observers are told of it. */
export function answered(over: Partial<AnsweredRequest> = {}): AnsweredRequest {
  return {
    id: "req_1",
    trace: "0".repeat(32),
    at: 5_000,
    durationMs: 1,
    organization: "default",
    subject: "key_1",
    method: "GET",
    route: "/x",
    path: "/x",
    status: 200,
    code: null,
    clientAddress: "127.0.0.1",
    api: "portico",
    version: null,
    credential: null,
    credentialName: null,
    bytesIn: 0,
    bytesOut: 0,
    upstreamMs: null,
    cache: null,
    error: undefined,
    details: () => ({ query: "", requestHeaders: [], replyHeaders: [], decisions: [] }),
    ...over,
  };
}
