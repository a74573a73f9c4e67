import { toRfc3339 } from "portico/kernel";
import { Type } from "typebox";
import type { KeptBody, KeptDetails, RequestRow } from "./request-row.ts";

const Nullable = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

/** A request as lists show it. */
export const RequestView = Type.Object({
  id: Type.String(),
  trace: Type.String(),
  at: Type.String({ format: "date-time", description: "When it came." }),
  durationMs: Type.Number(),
  upstreamMs: Type.Union([Type.Number(), Type.Null()], {
    description: "How much of it was spent waiting for the upstream; null where none was asked.",
  }),
  organization: Type.String(),
  subject: Type.String({ description: "Who asked: a key's or a user's id." }),
  key: Nullable("Id of the key that was used."),
  keyName: Nullable("What people call that key."),
  method: Type.String(),
  api: Type.String({ description: "Id of the fronted API; `portico` for own operations." }),
  version: Nullable("Version of the API."),
  route: Type.String({ description: "Template of the route." }),
  path: Type.String(),
  status: Type.Integer(),
  code: Nullable("Code of the problem answered."),
  cache: Nullable("What the cache did."),
  bytesIn: Type.Integer(),
  bytesOut: Type.Integer(),
  clientAddress: Type.String(),
  kept: Type.String({ description: "Why it has a row: all, trouble, slow or sample." }),
});

/** One decision on the way of a request. */
export const DecisionView = Type.Object({
  step: Type.String({ description: "route, key, permission, limit, cache, version, upstream, …" }),
  outcome: Type.String({ description: "In a word." }),
  facts: Type.Record(Type.String(), Type.Unknown()),
});

const Headers = Type.Array(Type.Object({ name: Type.String(), value: Type.String() }));
const Body = Type.Union([
  Type.Object({
    mediaType: Type.String(),
    text: Nullable("The beginning of the body, redacted."),
    note: Nullable("What is missing, and why."),
  }),
  Type.Null(),
]);

/** A request with every decision that was taken about it. */
export const RequestDetailView = Type.Object({
  ...RequestView.properties,
  query: Type.String({ description: "Redacted." }),
  decisions: Type.Array(DecisionView),
  requestHeaders: Headers,
  replyHeaders: Headers,
  requestBody: Body,
  replyBody: Body,
});

/** A request for a list. */
export function viewRequest(row: RequestRow): Record<string, unknown> {
  const { at, credential, credentialName, details: _details, ...shown } = row;
  return {
    ...shown,
    at: toRfc3339(at),
    durationMs: rounded(row.durationMs),
    upstreamMs: row.upstreamMs === null ? null : rounded(row.upstreamMs),
    key: credential,
    keyName: credentialName,
  };
}

/** A request with its details; a row from before there were any shows none. */
export function viewRequestDetail(row: RequestRow): Record<string, unknown> {
  const details = detailsOf(row);
  return {
    ...viewRequest(row),
    query: details?.query ?? "",
    decisions: details?.decisions ?? [],
    requestHeaders: (details?.requestHeaders ?? []).map(([name, value]) => ({ name, value })),
    replyHeaders: (details?.replyHeaders ?? []).map(([name, value]) => ({ name, value })),
    requestBody: bodyOf(details?.requestBody),
    replyBody: bodyOf(details?.replyBody),
  };
}

function bodyOf(body: KeptBody | null | undefined): KeptBody | null {
  return body ?? null;
}

function detailsOf({ details }: RequestRow): KeptDetails | undefined {
  // Written by `rowOf`, in this or an earlier process of Portico.
  return details === null ? undefined : (JSON.parse(details) as KeptDetails);
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
