const BRAND = "portico.problem@1";

/** One row of a table of errors: what a code means wherever it is answered. */
export interface ProblemDefinition {
  /** HTTP status, fixed for the life of the code. */
  readonly status: number;
  /** Public sentence; `{name}` is filled from the params. What was wrong, what was got, what to do. */
  readonly text: string;
  /** Longer help for the page `/docs/errors/{code}`. */
  readonly help?: string;
}

/** A plugin's table of errors, code → meaning. */
export type ProblemTable = Readonly<Record<string, ProblemDefinition>>;

/** One thing wrong with an input: where (RFC 6901 pointer into what was sent) and what. */
export interface ProblemPlace {
  readonly pointer: string;
  readonly detail: string;
  /** Where the pointer starts; the body when left out. */
  readonly in?: "query" | "path" | "header" | "cookie";
}

/** What may be added when a problem is raised. Only `params`, `errors` and `headers` cross the wire. */
export interface ProblemOptions {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly errors?: readonly ProblemPlace[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Extra members of the problem document (RFC 9457 §3.2), such as `violated-policies`. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** For the operator's log only. */
  readonly internal?: string;
  readonly cause?: unknown;
}

/**
 * A refusal with a stable code. Thrown anywhere below an operation, answered as `application/problem+json`
 * (RFC 9457). Recognised with {@link isProblem}, never with `instanceof`: a plugin may have met another copy.
 */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly brand = BRAND;
  readonly code: string;
  readonly status: number;
  readonly options: ProblemOptions;

  constructor(code: string, definition: ProblemDefinition, options: ProblemOptions = {}) {
    super(fill(definition.text, options.params), { cause: options.cause });
    this.code = code;
    this.status = definition.status;
    this.options = options;
  }
}

function fill(text: string, params: ProblemOptions["params"]): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(params?.[name] ?? whole));
}

/** Writes one row of an error table. */
export function problem(status: number, text: string, help?: string): ProblemDefinition {
  return help === undefined ? { status, text } : { status, text, help };
}

/** Makes the problems of one table: `raise("notes.tooLong", { params: { max: 10 } })`. */
export type Raise<TTable extends ProblemTable> = (
  code: keyof TTable & string,
  options?: ProblemOptions,
) => Problem;

/**
 * Ties a table of errors to the function that makes them, so that no code is raised that no table knows.
 *
 * @example
 * export const noteErrors = { "notes.tooLong": problem(422, "The note is longer than {max} characters.") };
 * const raise = raiser(noteErrors);
 * throw raise("notes.tooLong", { params: { max: 10_000 } });
 */
export function raiser<TTable extends ProblemTable>(table: TTable): Raise<TTable> {
  return (code, options) => {
    const definition = table[code];
    if (definition === undefined) throw new TypeError(`No error table holds the code '${code}'`);
    return new Problem(code, definition, options);
  };
}

/** True for a problem made by any copy of this module. */
export function isProblem(error: unknown): error is Problem {
  return typeof error === "object" && error !== null && "brand" in error && error.brand === BRAND;
}
