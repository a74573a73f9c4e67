/** One thing wrong with a configuration: where, what was got, what was expected, and what was probably meant. */
export interface Mistake {
  /** Dotted: `gateway.apis[0].upstream`; or the name of an environment variable or file. */
  readonly path: string;
  /** The same place as a JSON pointer: `/gateway/apis/0/upstream`. Only where a value of settings is meant. */
  readonly pointer?: string;
  readonly got: string;
  readonly expected: string;
  readonly didYouMean?: string;
  /** Where the value stands: `portico.config.ts`, `.env`, `environment`, `--port`. */
  readonly source?: string;
}

/** One line for a terminal: `server.port: got "80a", expected an integer from 0 to 65535 (.env)`. */
export function mistakeText(mistake: Mistake): string {
  const hint = mistake.didYouMean === undefined ? "" : `; did you mean ${mistake.didYouMean}?`;
  const source = mistake.source === undefined ? "" : ` (${mistake.source})`;
  return `${mistake.path}: got ${mistake.got}, expected ${mistake.expected}${hint}${source}`;
}
