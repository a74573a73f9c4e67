import { sha256 } from "../../base/index.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * The id of the job that carries a unique name: the same name gives the same id, so that a second enqueue meets the
 * first by its primary key, with no read before the write, and can tell its caller the first one's id.
 */
export function uniqueId(parts: readonly string[]): string {
  return derivedId("job", parts);
}

/** An id that follows from its parts, in every process alike. */
export function derivedId(prefix: string, parts: readonly string[]): string {
  const bytes = sha256(JSON.stringify(parts));
  // 26 characters carry 130 bits; of an id's first character only three are used.
  let suffix = ALPHABET.charAt((bytes[31] ?? 0) & 7);
  for (let index = 0; index < 25; index += 1) suffix += ALPHABET.charAt((bytes[index] ?? 0) & 31);
  return `${prefix}_${suffix}`;
}
