import type { Buffer } from "node:buffer";
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";

/** A body as it was before its coding; or what is wrong with it. */
export type Decoded =
  { readonly bytes: Buffer } | { readonly fault: "coding" | "tooLarge" | "malformed" };

const CODINGS: Readonly<
  Record<string, (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer>
> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/**
 * Takes one content coding off (RFC 9110 §8.4), into at most `bytesMax`: a bomb stops there, after a few milliseconds. Codings
 * on top of each other are nobody's honest body.
 */
export function decode(bytes: Buffer, coding: string | undefined, bytesMax: number): Decoded {
  const name = (coding ?? "").trim().toLowerCase();
  if (name === "" || name === "identity") return { bytes };
  const inflate = Object.hasOwn(CODINGS, name) ? CODINGS[name] : undefined;
  if (inflate === undefined) return { fault: "coding" };
  try {
    return { bytes: inflate(bytes, { maxOutputLength: bytesMax }) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return { fault: code === "ERR_BUFFER_TOO_LARGE" ? "tooLarge" : "malformed" };
  }
}
