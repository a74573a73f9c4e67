import { Buffer } from "node:buffer";
import type { Message } from "./message.ts";

/** What stands in the places of a template. */
export interface ContentValues {
  readonly timestamp: string;
  readonly id: string;
  readonly message: Message;
}

/** The bytes that were signed: a provider's template with everything in its place. The body is never decoded. */
export function contentOf(
  template: string,
  values: ContentValues,
): readonly (string | Uint8Array)[] {
  return template
    .split(/(\{\w+\})/)
    .filter((part) => part !== "")
    .map((part) => fill(part, values));
}

function fill(part: string, { timestamp, id, message }: ContentValues): string | Uint8Array {
  switch (part) {
    case "{timestamp}":
      return timestamp;
    case "{id}":
      return id;
    case "{body}":
      return message.body;
    case "{url}":
      return message.url;
    case "{form}":
      return sortedForm(message.form());
    default:
      return part;
  }
}

// Twilio: names in the order of their code units, each followed by its values; a value that comes twice counts once.
// In one pass over the fields: a stranger may send a hundred thousand names, and each search for one reads them all.
function sortedForm(form: URLSearchParams | undefined): string {
  const fields = new Map<string, Set<string>>();
  for (const [name, value] of form ?? []) {
    const values = fields.get(name);
    if (values === undefined) fields.set(name, new Set([value]));
    else values.add(value);
  }
  return [...fields.keys()]
    .toSorted()
    .flatMap((name) => [...(fields.get(name) ?? [])].toSorted().map((value) => name + value))
    .join("");
}

/** The parts as one piece. */
export function joined(parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}
