/**
 * What is forwarded otherwise than it came: written by steps (transforms, version changes, the cache's conditions), read
 * by `forward.ts`. A call without edits has none of this.
 */
export interface ForwardEdits {
  method?: string;
  /** The whole path as the caller would have sent it, before the base path is taken off. */
  path?: string;
  /** With its `?`, or empty. */
  query?: string;
  /** By lower-case name: the lines that replace all of that name, none to take it away. */
  readonly headers: Map<string, readonly string[]>;
}

/** Edits of a call, made when first asked for. */
export function editsOf(call: { edits: ForwardEdits | undefined }): ForwardEdits {
  return (call.edits ??= { headers: new Map() });
}

/** Raw fields (name, value, …) with the edits applied: order kept, what is new at the end. */
export function editedHeaders(
  rawHeaders: readonly string[],
  { headers }: ForwardEdits,
): readonly string[] {
  if (headers.size === 0) return rawHeaders;
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (!headers.has(name.toLowerCase())) kept.push(name, rawHeaders[index + 1] ?? "");
  }
  for (const [name, values] of headers) for (const value of values) kept.push(name, value);
  return kept;
}
