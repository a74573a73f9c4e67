import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { sha256, type PageReply, type PageRequest } from "portico/kernel";

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** Bytes as they are kept: compressed, since a description of 5 MB is 0.4 MB then. */
export interface Kept {
  readonly gzipped: Uint8Array;
  readonly etag: string;
}

/** Compresses what will be asked for often. */
export async function keep(content: string | Uint8Array): Promise<Kept> {
  const etag = Buffer.from(sha256(content)).toString("base64url").slice(0, 22);
  return { gzipped: await compress(content), etag };
}

/** Answers kept bytes: as they are kept where the caller takes that, expanded for all others, 304 where he has them. */
export async function replyWith(
  { gzipped, etag }: Kept,
  { headers }: PageRequest,
  own: Readonly<Record<string, string>>,
): Promise<PageReply> {
  const isGzip = takesGzip(String(headers["accept-encoding"] ?? ""));
  // One for each form: a strong ETag names the bytes that are sent (RFC 9110 §8.8.3).
  const tag = isGzip ? `"${etag}-gzip"` : `"${etag}"`;
  const common = { ...own, vary: "accept-encoding", etag: tag };
  const known = String(headers["if-none-match"] ?? "").split(/\s*,\s*/);
  if (known.includes(tag) || known.includes(`W/${tag}`)) {
    return { status: 304, headers: common, body: "" };
  }
  return isGzip
    ? { status: 200, headers: { ...common, "content-encoding": "gzip" }, body: gzipped }
    : { status: 200, headers: common, body: await expand(gzipped) };
}

/** Whether `Accept-Encoding` (RFC 9110 §12.5.3) admits gzip, by its name or by `*`. */
function takesGzip(accepted: string): boolean {
  const weights = new Map(
    accepted.split(",").map((part) => {
      const [coding = "", ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const weight = parameters.find((one) => one.startsWith("q="))?.slice(2) ?? "1";
      return [coding, Number(weight)] as const;
    }),
  );
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}
