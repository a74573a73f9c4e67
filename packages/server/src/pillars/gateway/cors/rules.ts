import type { MistakeList } from "../mistakes.ts";
import type { CorsSettings } from "./settings.ts";

/** CORS of one API, as compiled. */
export interface CorsRules {
  /** Any origin, without credentials. */
  readonly isAny: boolean;
  readonly origins: ReadonlySet<string>;
  /** `https://` and `.example.com` of `https://*.example.com`. */
  readonly below: readonly { readonly scheme: string; readonly suffix: string }[];
  readonly methods: ReadonlySet<string>;
  /** Lower case; undefined for any. */
  readonly headers: ReadonlySet<string> | undefined;
  readonly exposed: string;
  readonly credentials: boolean;
  readonly maxAge: string;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const HEADERS = [
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "X-API-Key",
];
/** What a client must be able to read to behave well. */
const EXPOSED = [
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "Deprecation",
  "Sunset",
  "X-Request-Id",
];
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const BELOW = /^([a-z][a-z0-9+.-]*:\/\/)\*(\.[a-z0-9.-]+(?::\d{1,5})?)$/;

/** Compiles the settings of an API; answers what is wrong with them as the end of a sentence. */
export function corsRules(settings: CorsSettings): CorsRules | readonly string[] {
  const mistakes: string[] = [];
  const isAny = settings.origins.includes("*");
  const credentials = settings.credentials ?? false;
  if (isAny && credentials) {
    mistakes.push("cors allows credentials to every origin (*); name the origins");
  }
  if (isAny && settings.origins.length > 1) mistakes.push("cors names origins beside *");
  const origins = new Set<string>();
  const below: { scheme: string; suffix: string }[] = [];
  for (const origin of settings.origins) {
    if (origin === "*") continue;
    const family = BELOW.exec(origin);
    if (family !== null) below.push({ scheme: family[1] ?? "", suffix: family[2] ?? "" });
    else if (ORIGIN.test(origin)) origins.add(origin);
    else {
      mistakes.push(
        `cors: '${origin}' is no origin; it is a scheme, a host in lower case and a port, without a path: https://app.example.com`,
      );
    }
  }
  if (mistakes.length > 0) return mistakes;
  const headers = settings.headers ?? HEADERS;
  return {
    isAny,
    origins,
    below,
    methods: new Set(settings.methods ?? METHODS),
    headers: headers.includes("*") ? undefined : new Set(headers.map((each) => each.toLowerCase())),
    exposed: [...new Set([...EXPOSED, ...(settings.exposeHeaders ?? [])])].join(", "),
    credentials,
    maxAge: String(settings.maxAgeSeconds ?? 600),
  };
}

/** The rules of an API; undefined where it has none, or where they are wrong, which is noted. */
export function readCors(
  { id, cors }: { readonly id: string; readonly cors?: CorsSettings },
  mistakes: MistakeList,
): CorsRules | undefined {
  const rules = cors === undefined ? undefined : corsRules(cors);
  if (rules === undefined || "isAny" in rules) return rules;
  mistakes.push(...rules.map((each) => `api '${id}': ${each}`));
  return undefined;
}

/** True when pages of an origin may call. */
export function allowsOrigin({ isAny, origins, below }: CorsRules, origin: string): boolean {
  if (isAny || origins.has(origin)) return true;
  return below.some(
    ({ scheme, suffix }) =>
      origin.startsWith(scheme) &&
      origin.endsWith(suffix) &&
      /^[a-z0-9.-]+$/.test(origin.slice(scheme.length, -suffix.length)),
  );
}

const NONE: readonly string[] = [];

/** The fields (name, value, …) that let a page of this origin read a reply; none for an origin that may not. */
export function corsFields(rules: CorsRules, origin: string | undefined): readonly string[] {
  if (origin === undefined || !allowsOrigin(rules, origin)) return NONE;
  return [
    "Access-Control-Allow-Origin",
    rules.isAny ? "*" : origin,
    ...(rules.credentials ? ["Access-Control-Allow-Credentials", "true"] : []),
    "Access-Control-Expose-Headers",
    rules.exposed,
  ];
}
