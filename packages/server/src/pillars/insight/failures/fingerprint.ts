import { Buffer } from "node:buffer";
import { sha256 } from "portico/kernel";

const LENGTH_MAX = 300;
const FRAMES = 3;

/** What makes two failures the same one. */
export interface Identity {
  readonly kind: string;
  /** Route with its method, job, reaction. */
  readonly place: string;
  readonly code: string | null;
  /** What it said, of which everything that changes from one time to the next is left out. */
  readonly text: string;
  readonly stack: string | null;
}

// From the special to the general: what an earlier one has replaced is no number any more for a later one.
const VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "{uuid}"],
  [/\b[a-z]{2,12}_[0-9a-z]{26}\b/g, "{id}"],
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?/g, "{time}"],
  [/[\w.+-]+@[\w-]+\.[\w.-]+/g, "{email}"],
  [/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g, "{address}"],
  [/\[?\b(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}\b\]?(?::\d+)?/gi, "{address}"],
  [/\b0x[0-9a-f]+\b/gi, "{n}"],
  [/\b[0-9a-f]{16,}\b/gi, "{hex}"],
  [/"[^"\n]*"|'[^'\n]*'|`[^`\n]*`/g, "{text}"],
  [/\d+(?:\.\d+)?/g, "{n}"],
];

/** A message without what differs from one occurrence to the next: ids, numbers, addresses, quoted texts. */
export function normalise(text: string): string {
  let plain = text.split("\n")[0]?.slice(0, LENGTH_MAX * 4) ?? "";
  for (const [shape, name] of VARIABLES) plain = plain.replaceAll(shape, name);
  return plain.replaceAll(/\s+/g, " ").trim().slice(0, LENGTH_MAX);
}

/** The uppermost frames of a stack that are not Node's own: function and file, without folders and line numbers. */
export function topOf(stack: string | null): readonly string[] {
  if (stack === null) return [];
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !/\(?node:/.test(line))
    .map((line) => line.trim().slice(3))
    .map((frame) => frame.replace(/:\d+:\d+\)?$/, "").replace(/\(?(?:file:\/\/)?[^\s(]*[/\\]/, "@"))
    .slice(0, FRAMES);
}

/** 32 hex characters that are the same for failures that are the same. */
export function fingerprintOf({ kind, place, code, text, stack }: Identity): string {
  const parts = [kind, place, code ?? "", normalise(text), ...topOf(stack)];
  return Buffer.from(sha256(JSON.stringify(parts))).toString("hex", 0, 16);
}
