import { Buffer } from "node:buffer";

/** One part of `multipart/form-data` (RFC 7578). */
export interface Part {
  readonly name: string;
  readonly isFile: boolean;
  /** In lower case, empty when the part says none. */
  readonly type: string;
  readonly bytes: Buffer;
}

const PARTS_MAX = 1_000;
const HEAD_BYTES_MAX = 8_192;
const END_OF_HEAD = Buffer.from("\r\n\r\n");

/** Cuts a body into its parts. Answers a sentence's end that says what is wrong with it. */
export function readParts(body: Buffer, boundary: string): readonly Part[] | string {
  if (boundary === "" || boundary.length > 70) return "has no boundary of 1 to 70 characters";
  const delimiter = Buffer.from(`--${boundary}`);
  let at = body.indexOf(delimiter);
  if (at < 0) return "does not hold its boundary";
  const line = Buffer.from(`\r\n--${boundary}`);
  const parts: Part[] = [];
  at += delimiter.length;
  for (;;) {
    if (body.subarray(at, at + 2).toString("latin1") === "--") return parts;
    const start = body.indexOf("\r\n", at);
    const end = start < 0 ? -1 : body.indexOf(line, start);
    if (end < 0) return "ends without its last boundary";
    if (parts.length >= PARTS_MAX) return `has more than ${PARTS_MAX} parts`;
    const part = readPart(body.subarray(start + 2, end));
    if (typeof part === "string") return part;
    parts.push(part);
    at = end + line.length;
  }
}

function readPart(bytes: Buffer): Part | string {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end < 0 || end > HEAD_BYTES_MAX) return "has a part without an end of its fields";
  const fields = new Map<string, string>();
  for (const field of bytes.subarray(0, end).toString("utf8").split("\r\n")) {
    const at = field.indexOf(":");
    fields.set(field.slice(0, at).trim().toLowerCase(), field.slice(at + 1).trim());
  }
  const disposition = fields.get("content-disposition") ?? "";
  const name = /;\s*name="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  if (name === undefined) return "has a part without a name";
  const isFile = /;\s*filename\*?=/i.test(disposition);
  const type = (fields.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return { name, isFile, type, bytes: bytes.subarray(end + END_OF_HEAD.length) };
}
