import type { IncomingMessage } from "node:http";
import type { Problem } from "portico/kernel";
import { raise } from "../errors.ts";
import { listOfWords } from "../fields.ts";
import { allowsOrigin } from "./rules.ts";
import type { CorsRules } from "./rules.ts";

/** What a browser asks before it sends a request of a page (Fetch Standard §4.8). */
export interface Preflight {
  readonly origin: string;
  readonly method: string;
  /** As asked, in lower case. */
  readonly headers: readonly string[];
}

/** The question of a preflight; undefined for any other OPTIONS. */
export function preflightOf({ method, headers }: IncomingMessage): Preflight | undefined {
  const { origin } = headers;
  const wanted = headers["access-control-request-method"];
  if (method !== "OPTIONS" || origin === undefined || wanted === undefined) return undefined;
  const asked = headers["access-control-request-headers"];
  return { origin, method: wanted, headers: listOfWords(asked?.toLowerCase()) };
}

const TOKEN = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
/** Methods and headers that need no permission are never refused (Fetch Standard §2.2.1). */
const SIMPLE_METHODS = new Set(["GET", "HEAD", "POST"]);

/** The fields of the answer, or the problem that says why the page may not. */
export function answerPreflight(
  rules: CorsRules,
  { origin, method, headers }: Preflight,
): Readonly<Record<string, string>> | Problem {
  if (!allowsOrigin(rules, origin)) return refusal(`the origin ${shown(origin)}`);
  if (!rules.methods.has(method) && !SIMPLE_METHODS.has(method)) {
    return refusal(`the method ${shown(method)}`);
  }
  const unwanted = headers.find((each) => !(rules.headers?.has(each) ?? TOKEN.test(each)));
  if (unwanted !== undefined) return refusal(`the header ${shown(unwanted)}`);
  return {
    "Access-Control-Allow-Origin": rules.isAny ? "*" : origin,
    ...(rules.credentials ? { "Access-Control-Allow-Credentials": "true" } : {}),
    "Access-Control-Allow-Methods": [...rules.methods].join(", "),
    "Access-Control-Allow-Headers": [...(rules.headers ?? headers)].join(", "),
    "Access-Control-Max-Age": rules.maxAge,
    Vary: VARY,
  };
}

function refusal(what: string): Problem {
  return raise("gateway.corsRefused", { params: { what }, headers: { vary: VARY } });
}

/** What came is repeated only in part, and only what is harmless to print. */
function shown(text: string): string {
  return `'${text.replaceAll(/[^\x21-\x7e]/g, "?").slice(0, 100)}'`;
}
