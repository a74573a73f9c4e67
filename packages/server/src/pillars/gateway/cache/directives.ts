/** What a reply's `Cache-Control`, or a field aimed at us, says (RFC 9111 §5.2.2, RFC 5861, RFC 8246). Times in ms. */
export interface ReplyDirectives {
  noStore: boolean;
  /** Without field names: not to be used before it was validated. */
  noCache: boolean;
  isPrivate: boolean;
  isPublic: boolean;
  mustRevalidate: boolean;
  proxyRevalidate: boolean;
  mustUnderstand: boolean;
  immutable: boolean;
  noTransform: boolean;
  maxAgeMs: number | undefined;
  sMaxAgeMs: number | undefined;
  staleWhileRevalidateMs: number | undefined;
  staleIfErrorMs: number | undefined;
  /** Lower-case names from `no-cache="…"` and `private="…"`: fields that are not kept. */
  omitted: string[];
}

/** What a caller's `Cache-Control` asks for (RFC 9111 §5.2.1). */
export interface RequestDirectives {
  noStore: boolean;
  noCache: boolean;
  onlyIfCached: boolean;
  noTransform: boolean;
  maxAgeMs: number | undefined;
  minFreshMs: number | undefined;
  /** Infinity when any age will do. */
  maxStaleMs: number | undefined;
}

// One directive: name, value quoted or not, parameters of it; commas in quoted strings do not part.
const DIRECTIVE =
  /[\s,]*([^\s,=;"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?((?:[^,"]|"(?:[^"\\]|\\.)*")*)/y;
const SECONDS = /^\d+$/;
/** The largest number of seconds that counts (RFC 9111 §1.2.2). */
const SECONDS_MAX = 2_147_483_648;

interface Directive {
  readonly name: string;
  readonly value: string | undefined;
  /** What follows a semicolon: in `Surrogate-Control`, whom it is for. */
  readonly rest: string;
}

function* directivesOf(field: string): Generator<Directive> {
  DIRECTIVE.lastIndex = 0;
  let at = 0;
  while (at < field.length) {
    DIRECTIVE.lastIndex = at;
    const match = DIRECTIVE.exec(field);
    if (match === null) return;
    at = DIRECTIVE.lastIndex;
    const [, name = "", quoted, plain, rest = ""] = match;
    const value = quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, "$1");
    yield { name: name.toLowerCase(), value, rest: rest.trim() };
  }
}

/** Reads a reply's directives. `isForUs` is false for a directive that names another recipient; it is left out. */
export function replyDirectives(
  field: string,
  isForUs: (rest: string) => boolean = () => true,
): ReplyDirectives {
  const read: ReplyDirectives = {
    noStore: false,
    noCache: false,
    isPrivate: false,
    isPublic: false,
    mustRevalidate: false,
    proxyRevalidate: false,
    mustUnderstand: false,
    immutable: false,
    noTransform: false,
    maxAgeMs: undefined,
    sMaxAgeMs: undefined,
    staleWhileRevalidateMs: undefined,
    staleIfErrorMs: undefined,
    omitted: [],
  };
  for (const directive of directivesOf(field)) {
    if (isForUs(directive.rest)) takeReplyDirective(directive, read);
  }
  return read;
}

const REPLY_FLAGS: ReadonlyMap<
  string,
  | "noStore"
  | "isPublic"
  | "mustRevalidate"
  | "proxyRevalidate"
  | "mustUnderstand"
  | "immutable"
  | "noTransform"
> = new Map([
  ["no-store", "noStore"],
  ["public", "isPublic"],
  ["must-revalidate", "mustRevalidate"],
  ["proxy-revalidate", "proxyRevalidate"],
  ["must-understand", "mustUnderstand"],
  ["immutable", "immutable"],
  ["no-transform", "noTransform"],
]);

const REPLY_TIMES: ReadonlyMap<
  string,
  "maxAgeMs" | "sMaxAgeMs" | "staleWhileRevalidateMs" | "staleIfErrorMs"
> = new Map([
  ["max-age", "maxAgeMs"],
  ["s-maxage", "sMaxAgeMs"],
  ["stale-while-revalidate", "staleWhileRevalidateMs"],
  ["stale-if-error", "staleIfErrorMs"],
]);

function takeReplyDirective({ name, value }: Directive, read: ReplyDirectives): void {
  const flag = REPLY_FLAGS.get(name);
  if (flag !== undefined) {
    read[flag] = true;
    return;
  }
  const time = REPLY_TIMES.get(name);
  if (time !== undefined) {
    read[time] = tighter(read[time], value);
    return;
  }
  if (name !== "no-cache" && name !== "private") return;
  const names = fieldNames(value);
  if (names.length > 0) read.omitted.push(...names);
  else if (name === "no-cache") read.noCache = true;
  else read.isPrivate = true;
}

function fieldNames(value: string | undefined): string[] {
  return (value ?? "")
    .split(",")
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== "");
}

/** A time that cannot be read counts as none left (RFC 9111 §4.2.1); of two, the shorter holds. */
function tighter(before: number | undefined, value: string | undefined): number {
  const ms = millisecondsOf(value) ?? 0;
  return before === undefined ? ms : Math.min(before, ms);
}

/** Undefined for what is no number of seconds. */
function millisecondsOf(value: string | undefined): number | undefined {
  if (value === undefined || !SECONDS.test(value)) return undefined;
  return Math.min(Number(value), SECONDS_MAX) * 1_000;
}

const NOTHING_ASKED: RequestDirectives = Object.freeze({
  noStore: false,
  noCache: false,
  onlyIfCached: false,
  noTransform: false,
  maxAgeMs: undefined,
  minFreshMs: undefined,
  maxStaleMs: undefined,
});

/** Reads what a caller asks for. `pragma` only counts without `Cache-Control` (RFC 9111 §5.4). */
export function requestDirectives(
  field: string | undefined,
  pragma: string | undefined,
): RequestDirectives {
  if (field === undefined) {
    if (pragma === undefined || !/(?:^|,)\s*no-cache\s*(?:,|$)/i.test(pragma)) return NOTHING_ASKED;
    return { ...NOTHING_ASKED, noCache: true };
  }
  const read: RequestDirectives = { ...NOTHING_ASKED };
  for (const directive of directivesOf(field)) takeRequestDirective(directive, read);
  return read;
}

function takeRequestDirective({ name, value }: Directive, read: RequestDirectives): void {
  switch (name) {
    case "no-store":
      read.noStore = true;
      return;
    case "no-cache":
      read.noCache = true;
      return;
    case "only-if-cached":
      read.onlyIfCached = true;
      return;
    case "no-transform":
      read.noTransform = true;
      return;
    case "max-age":
      read.maxAgeMs = tighter(read.maxAgeMs, value);
      return;
    case "min-fresh":
      read.minFreshMs = millisecondsOf(value);
      return;
    case "max-stale":
      read.maxStaleMs = value === undefined ? Number.POSITIVE_INFINITY : millisecondsOf(value);
      return;
    default:
  }
}
