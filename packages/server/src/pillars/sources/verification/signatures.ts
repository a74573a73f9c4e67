import { Buffer } from "node:buffer";
import type { Provider, SignatureAlgorithm, SignatureForm } from "../providers/index.ts";

/** More than any sender has secrets at a time: each costs a comparison. */
const SIGNATURES_MAX = 10;

/** Bytes of a signature; DER makes those of ECDSA differ (RFC 3279 §2.2.3). */
const LENGTHS: Readonly<Record<SignatureAlgorithm, readonly [min: number, max: number]>> = {
  "hmac-sha256": [32, 32],
  "hmac-sha512": [64, 64],
  "hmac-sha1": [20, 20],
  "ecdsa-p256-sha256": [8, 72],
  ed25519: [64, 64],
};

/** What a signature header says. */
export interface ReadSignatures {
  readonly signatures: readonly Uint8Array[];
  /** Where the header carries it. */
  readonly timestamp: string | undefined;
}

/**
 * Reads a signature header. Signatures of other versions, and what is not written as it must be, are left out: an empty
 * list is a header that proves nothing.
 */
export function readSignatures(value: string, { signature }: Provider): ReadSignatures {
  const { form, encoding, algorithm } = signature;
  const { texts, timestamp } = split(value.trim(), form);
  const signatures = texts
    .slice(0, SIGNATURES_MAX)
    .map((text) => decode(text, encoding))
    .filter((bytes) => bytes !== undefined)
    .filter(({ byteLength }) => {
      const [min, max] = LENGTHS[algorithm];
      return byteLength >= min && byteLength <= max;
    });
  return { signatures, timestamp };
}

interface Split {
  readonly texts: readonly string[];
  readonly timestamp: string | undefined;
}

function split(value: string, form: SignatureForm): Split {
  switch (form.kind) {
    case "plain":
      return { texts: after([value], form.prefix), timestamp: undefined };
    case "list":
      return { texts: after(value.split(" "), form.prefix), timestamp: undefined };
    case "pairs":
      return splitPairs(value, form);
    default:
      return form satisfies never;
  }
}

function splitPairs(value: string, form: SignatureForm & { readonly kind: "pairs" }): Split {
  const pairs = value.split(",").map((pair) => pair.trim());
  const times = after(pairs, `${form.timestampName}=`);
  return {
    texts: after(pairs, `${form.name}=`),
    // Two times would leave open which one was signed.
    timestamp: times.length === 1 ? times[0] : undefined,
  };
}

function after(texts: readonly string[], prefix: string): readonly string[] {
  return texts.filter((text) => text.startsWith(prefix)).map((text) => text.slice(prefix.length));
}

/** Bytes of hex or base64 in the one way to write them; undefined for every other text. */
export function decode(text: string, encoding: "hex" | "base64"): Uint8Array | undefined {
  const bytes = Buffer.from(text, encoding);
  const again = bytes.toString(encoding);
  return again === (encoding === "hex" ? text.toLowerCase() : text) ? bytes : undefined;
}
