import { Buffer } from "node:buffer";
import { isJsonType, parseExact } from "portico/kernel";
import { raise } from "./errors.ts";

/**
 * The bytes of an event's data that are stored, and delivered ever after: those that arrived, or the value written as
 * JSON where the caller gave a value and no bytes. Raises `events.dataTooLarge` and `events.badText`.
 */
export function acceptData(
  value: unknown,
  { arrived, bytesMax }: { readonly arrived: Uint8Array | undefined; readonly bytesMax: number },
): Uint8Array {
  const bytes = arrived ?? Buffer.from(JSON.stringify(value));
  if (bytes.byteLength > bytesMax) {
    throw raise("events.dataTooLarge", { params: { got: bytes.byteLength, max: bytesMax } });
  }
  // What arrived as bytes was refused by the kernel's reader of bodies already.
  if (arrived === undefined) refuseBadText(value);
  return bytes;
}

function refuseBadText(value: unknown): void {
  if (typeof value === "string") {
    if (value.includes("\0")) throw raise("events.badText", { params: { got: "U+0000" } });
    if (!value.isWellFormed()) {
      throw raise("events.badText", { params: { got: "half of a surrogate pair" } });
    }
  } else if (Array.isArray(value)) {
    for (const element of value) refuseBadText(element);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      refuseBadText(key);
      refuseBadText(member);
    }
  }
}

/**
 * Stored data as a value whose numbers are written again as they arrived (`1.0`, `12345678901234567890`): such a number
 * is a raw JSON fragment. Data that is not JSON becomes base64 text.
 */
export function viewData(data: Uint8Array, contentType: string): unknown {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (!isJsonType(contentType)) return bytes.toString("base64");
  try {
    return parseExact(bytes);
  } catch {
    // Whoever emitted the bytes took their type on trust: an inbound payload may call itself JSON and not be it.
    return bytes.toString("base64");
  }
}
