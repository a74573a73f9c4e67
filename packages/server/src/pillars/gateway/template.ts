/** What a parameter may be held to, so that `/x/{id:uuid}` and `/x/{name}` are two routes. */
const KINDS = {
  uuid: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  integer: /^-?\d{1,20}$/,
} as const;

/** A segment with more parameters is nobody's, and each costs a search. */
const PARAMETERS_MAX = 4;

/** One parameter within a segment. */
export interface TemplateParameter {
  readonly name: string;
  readonly kind: keyof typeof KINDS | undefined;
}

/** One segment of a template: `invoices`, `{id}`, or something of both such as `{id}.pdf`. */
export interface TemplateSegment {
  /** The text before, between and behind the parameters: one more than there are parameters. */
  readonly literals: readonly string[];
  readonly parameters: readonly TemplateParameter[];
}

/** A path template in its parts. */
export interface Template {
  readonly segments: readonly TemplateSegment[];
  /** It ends in `/*`: everything below. */
  readonly isRest: boolean;
}

/**
 * Reads `/files/{id}.pdf`, `/{name}:{verb}`, `/x/{id:uuid}` or `/shop/*`. Answers a sentence's end that says what is wrong with
 * it: "has two parameters with nothing between them".
 */
export function parseTemplate(text: string): Template | string {
  const parts = text.split("/").slice(1);
  const isRest = parts.at(-1) === "*";
  if (isRest) parts.pop();
  const names = new Set<string>();
  const segments: TemplateSegment[] = [];
  for (const part of parts) {
    const segment = readSegment(part);
    if (typeof segment === "string") return segment;
    for (const { name } of segment.parameters) {
      if (names.has(name)) return `has the parameter '${name}' twice`;
      names.add(name);
    }
    segments.push(segment);
  }
  return { segments, isRest };
}

function readSegment(part: string): TemplateSegment | string {
  const pieces = part.split(/\{([^{}]*)\}/);
  const literals = pieces.filter((_piece, index) => index % 2 === 0);
  const words = pieces.filter((_piece, index) => index % 2 === 1);
  if (literals.some((literal) => /[{}]/.test(literal))) return "has a brace without its partner";
  if (literals.some((literal) => literal.includes("*"))) return "has a * that is not its end";
  if (words.length > PARAMETERS_MAX) {
    return `has more than ${PARAMETERS_MAX} parameters in one segment`;
  }
  if (literals.slice(1, -1).includes("")) return "has two parameters with nothing between them";
  const parameters = words.map(readParameter);
  if (parameters.some(({ name }) => name === "")) return "has a parameter without a name";
  return { literals, parameters };
}

function readParameter(word: string): TemplateParameter {
  const kind = /:(uuid|integer)$/.exec(word)?.[1] as keyof typeof KINDS | undefined;
  return { name: kind === undefined ? word : word.slice(0, -kind.length - 1), kind };
}

/** The template without the names of its parameters: two templates of one shape take the same paths. */
export function shapeOf(text: string): string {
  return text.replaceAll(/\{([^{}]*)\}/g, (_whole, word: string) => {
    const { kind } = readParameter(word);
    return kind === undefined ? "{}" : `{:${kind}}`;
  });
}

/** True for a segment that is one parameter and takes anything. */
export function isPlainParameter({ literals, parameters }: TemplateSegment): boolean {
  return parameters.length === 1 && parameters[0]?.kind === undefined && literals.join("") === "";
}

/**
 * What the parameters of a segment stand for, undefined when the segment does not fit. Each stands for at least one
 * character, and the first for as few as will do. Takes time in proportion to the segment, whatever is sent.
 */
export function readValues(segment: TemplateSegment, text: string): readonly string[] | undefined {
  const { literals, parameters } = segment;
  const first = literals[0] ?? "";
  const last = literals.at(-1) ?? "";
  if (parameters.length === 0) return text === first ? [] : undefined;
  if (!text.startsWith(first) || !text.endsWith(last)) return undefined;
  const end = text.length - last.length;
  const values: string[] = [];
  let at = first.length;
  for (const [index, { kind }] of parameters.entries()) {
    const next =
      index === parameters.length - 1 ? end : text.indexOf(literals[index + 1] ?? "", at + 1);
    if (next <= at || next > end) return undefined;
    const value = text.slice(at, next);
    if (kind !== undefined && !KINDS[kind].test(value)) return undefined;
    values.push(value);
    at = next + (literals[index + 1] ?? "").length;
  }
  return values;
}

/** What the parameters of a path stand for, still percent-encoded; undefined when the path does not fit the template. */
export function readParameters(
  { segments, isRest }: Template,
  path: string,
): ReadonlyMap<string, string> | undefined {
  const parts = path.split("/").slice(1);
  if (isRest ? parts.length < segments.length : parts.length !== segments.length) return undefined;
  const found = new Map<string, string>();
  for (const [index, segment] of segments.entries()) {
    const values = readValues(segment, parts[index] ?? "");
    if (values === undefined) return undefined;
    for (const [at, { name }] of segment.parameters.entries()) found.set(name, values[at] ?? "");
  }
  return found;
}
