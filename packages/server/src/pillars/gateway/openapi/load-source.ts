import { open } from "node:fs/promises";
import { resolve } from "node:path";
import type { Outbound } from "portico/kernel";
import { isProblem } from "portico/kernel";

/** What documents are read with. */
export interface LoadParts {
  /** Where relative paths begin; the process's folder when left out. */
  readonly folder?: string;
  /** For addresses; they are refused when left out. Its networks are the operator's list (`outbound.allow`). */
  readonly outbound?: Pick<Outbound, "request">;
  /** Bytes of one document. 16 MiB when left out. */
  readonly bytesMax?: number;
  /** For an address, all of it. 10,000 ms when left out. */
  readonly timeoutMs?: number;
}

/** A document's text, or why there is none. */
export type Loaded = { readonly text: string } | { readonly fault: string };

const BYTES_MAX = 16_777_216;

/** True for what is read over HTTP. */
export function isAddress(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/** Reads a file or an address, bounded in size and time. */
export async function loadSource(source: string, parts: LoadParts): Promise<Loaded> {
  const bytes = isAddress(source) ? await fetched(source, parts) : await readFile(source, parts);
  if (typeof bytes === "string") return { fault: bytes };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { fault: `'${source}' is not text in UTF-8` };
  }
}

async function readFile(
  source: string,
  { folder = ".", bytesMax = BYTES_MAX }: LoadParts,
): Promise<Uint8Array | string> {
  const path = resolve(folder, source);
  try {
    await using file = await open(path, "r");
    const stat = await file.stat();
    if (!stat.isFile()) return `${path} is no file`;
    if (stat.size > bytesMax) return tooLarge(source, bytesMax);
    const bytes = await file.readFile();
    // A file may have grown since.
    return bytes.length > bytesMax ? tooLarge(source, bytesMax) : bytes;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return `the file ${path} cannot be read (${code})`;
  }
}

async function fetched(
  source: string,
  { outbound, bytesMax = BYTES_MAX, timeoutMs = 10_000 }: LoadParts,
): Promise<Uint8Array | string> {
  if (outbound === undefined) return `'${source}' is an address, and none are read here`;
  try {
    const reply = await outbound.request({
      method: "GET",
      url: source,
      headers: { accept: "application/json, application/yaml, */*", "accept-encoding": "identity" },
      maxBytes: bytesMax,
      timeoutMs,
    });
    if (reply.status !== 200)
      return `${source} answered ${reply.status}; redirects are not followed`;
    return reply.isTruncated ? tooLarge(source, bytesMax) : reply.body;
  } catch (error) {
    if (isProblem(error)) return `${source} cannot be read: ${error.message}`;
    throw error;
  }
}

function tooLarge(source: string, bytesMax: number): string {
  return `'${source}' is larger than ${bytesMax} bytes`;
}
