/** A part of the caller that transforms may speak of. */
export type CallerPart = "subject" | "kind" | "credential" | "environment";

/** How replies of one route are cached, as compiled from its settings. Times in ms. */
export interface CachePolicy {
  /** How long a reply is fresh that does not say so itself; undefined: it is not stored. */
  readonly ttlMs: number | undefined;
  /** Used for replies that do not say themselves. */
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** Part of the key beside what `Vary` names; lower case. */
  readonly vary: readonly string[];
  /** What of the caller is part of the key besides the organization, since transforms write it into messages. */
  readonly ofCaller: readonly CallerPart[];
  readonly tags: readonly string[];
  /** Larger bodies are not stored. */
  readonly bytesMax: number;
  /** Only these are stored; undefined: every status that RFC 9111 allows. */
  readonly statuses: ReadonlySet<number> | undefined;
  /** Share of the time since `Last-Modified` for which a reply that says nothing is fresh; 0: never (RFC 9111 §4.2.2). */
  readonly heuristicShare: number;
  readonly storesCookies: boolean;
  /** Replies to callers with a credential are stored though they do not say `public`. */
  readonly sharesAuthorized: boolean;
}

/** What is held back from an upstream whose replies are stored: fields that some servers act on and no `Vary` names. */
export const UNKEYED: ReadonlySet<string> = new Set([
  "x-original-url",
  "x-rewrite-url",
  "x-original-host",
  "x-host",
  "x-http-host-override",
  "x-forwarded-server",
  "x-forwarded-scheme",
  "x-forwarded-ssl",
  "x-forwarded-path",
  "x-forwarded-uri",
  "x-forwarded-prefix",
  "x-forwarded-port",
  "x-forwarded",
  "x-url-scheme",
  "front-end-https",
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
  "x-original-forwarded-for",
  "x-client-ip",
  "x-cluster-client-ip",
  "client-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "fastly-client-ip",
]);

/** Fields that we write ourselves, so that no request tells one variant from another: a reply that varies by one is not stored. */
const WRITTEN_BY_US: ReadonlySet<string> = new Set([
  "x-forwarded-for",
  "x-real-ip",
  "forwarded",
  "via",
  "x-request-id",
  "traceparent",
  "tracestate",
  "portico-identity",
]);

/** In the key of everything, so that naming them in `Vary` adds nothing. */
const ALWAYS_KEYED: ReadonlySet<string> = new Set([
  "host",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/**
 * The field names by which a reply is told from others of the same target: sorted, lower case. Undefined when no stored
 * reply could ever be chosen: `Vary: *`, or a field of ours.
 */
export function variesBy(
  vary: string | undefined,
  fixed: readonly string[],
): readonly string[] | undefined {
  if (vary === undefined && fixed.length === 0) return NOTHING;
  const names = new Set(fixed);
  for (const part of (vary ?? "").split(",")) {
    const name = part.trim().toLowerCase();
    if (name === "*" || WRITTEN_BY_US.has(name)) return undefined;
    if (name !== "" && !ALWAYS_KEYED.has(name)) names.add(name);
  }
  return [...names].toSorted();
}
const NOTHING: readonly string[] = [];

/** Fields whose members mean the same in any order and case. */
const SETS: ReadonlySet<string> = new Set(["accept-language", "accept-encoding"]);

/**
 * What a request has for the fields that a reply varies by, in one form (RFC 9111 §4.1): lines joined, white space of
 * lists taken away. Read from the lines as they were sent: what is forwarded is exactly what is compared.
 */
export function variantOf(names: readonly string[], rawHeaders: readonly string[]): string {
  if (names.length === 0) return "";
  return names.map((name) => normalValue(name, rawHeaders)).join("\n");
}

function normalValue(name: string, rawHeaders: readonly string[]): string {
  let joined: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const each = rawHeaders[index] ?? "";
    if (each.length !== name.length || each.toLowerCase() !== name) continue;
    const value = (rawHeaders[index + 1] ?? "").trim();
    joined = joined === undefined ? value : `${joined},${value}`;
  }
  // Absent and empty are different requests.
  if (joined === undefined) return "-";
  if (!SETS.has(name)) return `=${joined.replaceAll(/\s*,\s*/g, ",")}`;
  const members = joined.toLowerCase().replaceAll(/\s+/g, "").split(",");
  return `=${members.toSorted().join(",")}`;
}
