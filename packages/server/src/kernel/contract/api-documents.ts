import { point } from "./point.ts";

/** An API beside Portico's own that has an OpenAPI document: one that a gateway fronts. */
export interface DescribedApi {
  /** A word of its own, as in `/openapi/{api}.json`. */
  readonly api: string;
  /** What people call it. */
  readonly title: string;
  /** As in `/openapi/{api}/{version}.json`; null for an API without versions. */
  readonly version: string | null;
  /** True for what `/openapi/{api}.json` answers: one for each API. */
  readonly isCurrent: boolean;
}

/** Which document is wanted. */
export interface DocumentRequest {
  readonly api: string;
  /** Undefined for the current one. */
  readonly version: string | undefined;
  /** Where callers reach this server, without a trailing slash: what `servers` begins with. */
  readonly serverUrl: string;
}

/** Describes APIs that are not operations of this server. Both calls show the state of the moment. */
export interface ApiDocuments {
  /** Every API and version, in the order in which they are offered to readers. */
  list(): readonly DescribedApi[];
  /**
   * OpenAPI 3.1 as plain JSON, or undefined when there is no such API or version. The same object as long as nothing
   * has changed: what is made of it (text, compressed bytes) is kept by its identity.
   */
  document(
    request: DocumentRequest,
  ):
    | Readonly<Record<string, unknown>>
    | undefined
    | Promise<Readonly<Record<string, unknown>> | undefined>;
}
/** `kernel.apiDocuments@1`: served at `/openapi/{api}.json` and shown at `/docs`. */
export const ApiDocuments = point<ApiDocuments>("kernel.apiDocuments@1");
