/** Whose credential an operation asks for: the words of a route's `auth`. */
export type OperationAuth = "none" | "key" | "token" | "either";

/** A JSON object as read: nothing is known of its members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One thing wrong with a document: where (RFC 6901 pointer into it) and what. */
export interface DocumentMistake {
  readonly pointer: string;
  readonly detail: string;
}

/** What reading a document gives: the document, or everything that is wrong with it. */
export type ReadOutcome =
  | { readonly document: OpenApiDocument; readonly mistakes?: undefined }
  | { readonly mistakes: readonly DocumentMistake[]; readonly document?: undefined };

/**
 * An OpenAPI document as it has been read and checked. Whatever version it was written in, `json` is 3.1 with references
 * by pointer, never inlined (design §10.23): cycles stay cycles, and large documents stay small.
 */
export interface OpenApiDocument {
  /** Where it came from: a path, an address, or `given as an object`. For messages. */
  readonly source: string;
  /** The version it was written in: `3.0.3`. */
  readonly given: string;
  readonly json: JsonObject;
  readonly title: string;
  /** `info.version`: the version of the API, not of OpenAPI. */
  readonly version: string;
  /** Path of the first server, `/` when there is none: where the paths of the document begin for its clients. */
  readonly basePath: string;
  /** In the order of the document. */
  readonly operations: readonly OpenApiOperation[];
}

/** One method of one path. */
export interface OpenApiOperation {
  /** `operationId`, or `GET /customers/{id}` where the document gives none. Unique in the document. */
  readonly id: string;
  /** In capitals. */
  readonly method: string;
  /** As the document writes it, without the server's path: `/customers/{id}`, `/files/{id}.pdf`. */
  readonly path: string;
  /** The path as the router takes it: with the kind of a parameter where only that tells two operations apart. */
  readonly template: string;
  /** JSON pointer to the operation: `/paths/~1customers/get`. */
  readonly pointer: string;
  readonly operation: JsonObject;
  /** The path's item, which may hold parameters for all of its methods. */
  readonly item: JsonObject;
  readonly summary: string | undefined;
  readonly description: string | undefined;
  readonly tags: readonly string[];
  readonly isDeprecated: boolean;
  /** What its `security` asks for: see `auth.ts` for how schemes become credentials. */
  readonly auth: OperationAuth;
  /** The scopes of its `security`. */
  readonly permissions: readonly string[];
}
