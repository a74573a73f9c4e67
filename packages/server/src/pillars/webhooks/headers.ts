import { raise } from "./errors.ts";

const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/;
// Visible ASCII with spaces and tabs between (RFC 9110 §5.5): no line break can smuggle a header in.
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e\t]{0,4094}[\x21-\x7e])?$/;
const OURS: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "content-type",
  "content-encoding",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "traceparent",
  "user-agent",
]);

/** Checks headers to be sent along with every attempt and lowers their names. Raises `webhooks.badHeader`. */
export function acceptHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const accepted = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    const reason =
      objection(lower, value) ?? (accepted.has(lower) ? "it is given twice" : undefined);
    if (reason !== undefined) {
      throw raise("webhooks.badHeader", { params: { name: name.slice(0, 128), reason } });
    }
    accepted.set(lower, value);
  }
  return Object.fromEntries(accepted);
}

function objection(name: string, value: string): string | undefined {
  if (!NAME.test(name)) return "its name is not a header name";
  if (OURS.has(name) || name.startsWith("webhook-")) return "it belongs to Portico";
  return VALUE.test(value)
    ? undefined
    : "its value is not visible ASCII text of at most 4,096 characters";
}
