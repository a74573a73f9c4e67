import { isProblem } from "../../base/index.ts";

/** What stands where a secret would in a log line. */
const HIDDEN = "[redacted]";

const DEPTH_MAX = 6;
const HIDDEN_NAMES = new Set(
  [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "password",
    "passphrase",
    "secret",
    "client-secret",
    "signing-secret",
    "token",
    "access-token",
    "refresh-token",
    "id-token",
    "private-key",
    "x-portico-identity",
    "webhook-signature",
  ].map(plainName),
);
// Secrets by their shape, wherever they stand in a text: our keys, webhook secrets, credentials, passwords in URLs.
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9]*_[a-z0-9]+_[0-9a-z]{26})_[0-9A-Za-z]{40,60}\b/g, `$1_${HIDDEN}`],
  [/\bwh(sec|sk)_[A-Za-z0-9+/=_-]{8,}/g, `wh$1_${HIDDEN}`],
  [/\b(Bearer|Basic|Digest)\s+[A-Za-z0-9+/=._~-]{6,}/gi, `$1 ${HIDDEN}`],
  [/\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, HIDDEN],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/@]+@/gi, `$1:${HIDDEN}@`],
  [
    /([?&](?:api[_-]?key|key|token|access_token|secret|password|signature)=)[^&\s"]+/gi,
    `$1${HIDDEN}`,
  ],
];

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

function isHiddenName(name: unknown): boolean {
  return typeof name === "string" && HIDDEN_NAMES.has(plainName(name));
}

/** Takes secrets out of a text by their shape, and every one of `known` wherever it stands. */
export function redactText(text: string, known: readonly string[] = []): string {
  let clean = text;
  for (const one of known) if (one.length >= 4) clean = clean.replaceAll(one, HIDDEN);
  for (const [shape, instead] of SHAPES) clean = clean.replaceAll(shape, instead);
  return clean;
}

interface Walk {
  readonly known: readonly string[];
  readonly depth: number;
}

function redactError(error: Error, walk: Walk): Record<string, unknown> {
  const own = isProblem(error)
    ? { code: error.code, status: error.status, internal: error.options.internal }
    : { code: "code" in error ? error.code : undefined };
  const plain = { type: error.name, message: error.message, ...own, stack: error.stack };
  const cause = error.cause === undefined ? {} : { cause: error.cause };
  return redactObject({ ...plain, ...cause }, walk);
}

function redactList(values: readonly unknown[], walk: Walk): unknown[] {
  // node:http's rawHeaders alternate names and values.
  return values.map((value, index) =>
    index % 2 === 1 && isHiddenName(values[index - 1]) ? HIDDEN : redactValue(value, walk),
  );
}

function redactObject(value: object, walk: Walk): Record<string, unknown> {
  const below = { known: walk.known, depth: walk.depth + 1 };
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      isHiddenName(key) && one !== undefined && one !== null ? HIDDEN : redactValue(one, below),
    ]),
  );
}

function redactValue(value: unknown, walk: Walk): unknown {
  if (typeof value === "string") return redactText(value, walk.known);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (walk.depth >= DEPTH_MAX) return "[deeper]";
  if (value instanceof Error) return redactError(value, walk);
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return redactList(value, { known: walk.known, depth: walk.depth + 1 });
  if (value instanceof Map) return redactObject(Object.fromEntries(value) as object, walk);
  if (value instanceof Headers) return redactObject(Object.fromEntries(value), walk);
  return redactObject(value, walk);
}

/**
 * A copy of log fields without secrets: by the name of the field or header however it is written, by the shape of the
 * text wherever it stands (keys, webhook secrets, tokens, passwords in URLs), and every one of `known`.
 */
export function redactFields(fields: object, known: readonly string[] = []): object {
  const walk = { known, depth: 0 };
  return fields instanceof Error
    ? { error: redactError(fields, walk) }
    : redactObject(fields, walk);
}
