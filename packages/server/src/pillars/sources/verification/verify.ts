import { createHmac, verify as verifySignature } from "node:crypto";
import { Buffer } from "node:buffer";
import { equalSecrets, ok, refused, sha256 } from "portico/kernel";
import type { Result } from "portico/kernel";
import type { Provider, SignatureAlgorithm } from "../providers/index.ts";
import { contentOf, joined } from "./content.ts";
import type { Message } from "./message.ts";
import { textAt } from "./message.ts";
import type { Reason } from "./reasons.ts";
import type { VerificationKey } from "./secret.ts";
import { readSignatures } from "./signatures.ts";

/** What a message is judged by. */
export interface Judge {
  readonly provider: Provider;
  /** Those that are in force now. */
  readonly keys: readonly VerificationKey[];
  readonly nowMs: number;
  /** In place of the provider's own. */
  readonly toleranceMs?: number | undefined;
}

/** What is known of a genuine message beyond the message itself. */
export interface Genuine {
  /** The very bytes that were signed. */
  readonly content: Uint8Array;
}

/** Whether the message comes from whoever has one of the secrets, and is of now. */
export function verify(message: Message, judge: Judge): Result<Genuine, Reason> {
  const { provider, keys } = judge;
  if (keys.length === 0) return refused("noSecret");
  const header = single(message, provider.signature.header);
  if (!header.ok) return header;
  const read = readSignatures(header.value, provider);
  if (read.signatures.length === 0) return refused("unreadableSignature");
  const fields = fieldsOf(message, provider, read.timestamp);
  if (!fields.ok) return fields;
  if (!isBodyCovered(message, provider)) return refused("unsignedBody");
  const content = joined(contentOf(provider.content, { ...fields.value, message }));
  const { algorithm } = provider.signature;
  const isGenuine = keys.some((key) => {
    const isItsOwn = signatureTest(content, algorithm, key);
    return read.signatures.some(isItsOwn);
  });
  if (!isGenuine) return refused("wrongSignature");
  const late = lateness(fields.value.timestamp, judge);
  return late === undefined ? ok({ content }) : refused(late);
}

/** The one value of a header. A second one would leave open which was signed. */
function single(message: Message, name: string): Result<string, Reason> {
  const values = message.headers.get(name) ?? [];
  const [value] = values;
  if (value === undefined || value.trim() === "") return refused("missingHeader");
  return values.length === 1 ? ok(value) : refused("repeatedHeader");
}

/** Everything but the body that stands in the signed content. */
function fieldsOf(
  message: Message,
  { content, timestampHeader, messageId }: Provider,
  among: string | undefined,
): Result<{ readonly timestamp: string; readonly id: string }, Reason> {
  const names = [
    timestampHeader,
    ...messageId.map((place) => ("header" in place ? place.header : undefined)),
  ];
  for (const name of names) {
    const count = name === undefined ? 1 : (message.headers.get(name)?.length ?? 0);
    if (count > 1) return refused("repeatedHeader");
  }
  const time = timestampHeader === undefined ? among : textAt(message, { header: timestampHeader });
  if (content.includes("{timestamp}") && time === undefined) {
    return refused(timestampHeader === undefined ? "unreadableSignature" : "missingHeader");
  }
  const named = messageId[0] === undefined ? undefined : textAt(message, messageId[0]);
  if (content.includes("{id}") && named === undefined) return refused("missingHeader");
  return ok({ timestamp: time ?? "", id: named ?? "" });
}

/** False where the content holds neither the body, nor the form that it is, nor its hash. */
function isBodyCovered(message: Message, provider: Provider): boolean {
  if (provider.content.includes("{body}") || message.body.byteLength === 0) return true;
  const { bodyHashParameter: parameter } = provider;
  const hashes = parameter === undefined ? [] : queryOf(message.url).getAll(parameter);
  const [hash] = hashes;
  if (hash === undefined) return message.form() !== undefined;
  const wanted = Buffer.from(Buffer.from(sha256(message.body)).toString("hex"));
  return hashes.length === 1 && equalSecrets(Buffer.from(hash.toLowerCase()), wanted);
}

function queryOf(url: string): URLSearchParams {
  const at = url.indexOf("?");
  return new URLSearchParams(at < 0 ? "" : url.slice(at + 1));
}

const HASHES = { "hmac-sha256": "sha256", "hmac-sha512": "sha512", "hmac-sha1": "sha1" } as const;

/** Whether a signature is that of the content by this key. The content is hashed once, however many are compared. */
function signatureTest(
  content: Uint8Array,
  algorithm: SignatureAlgorithm,
  key: VerificationKey,
): (signature: Uint8Array) => boolean {
  if (algorithm === "ecdsa-p256-sha256" || algorithm === "ed25519") {
    // Ed25519 hashes by itself.
    const hash = algorithm === "ed25519" ? null : "sha256";
    return (signature) =>
      key.kind === "public" && verifySignature(hash, content, key.key, signature);
  }
  if (key.kind !== "hmac") return () => false;
  const wanted = createHmac(HASHES[algorithm], key.bytes).update(content).digest();
  return (signature) => equalSecrets(wanted, signature);
}

const WHOLE = /^\d{1,15}$/;

function lateness(timestamp: string, judge: Judge): Reason | undefined {
  const tolerance = judge.toleranceMs ?? judge.provider.toleranceMs;
  if (judge.provider.toleranceMs === undefined || tolerance === undefined) return undefined;
  if (!WHOLE.test(timestamp)) return "unreadableTimestamp";
  const unitMs = judge.provider.timestampUnit === "milliseconds" ? 1 : 1_000;
  const ageMs = judge.nowMs - Number(timestamp) * unitMs;
  return Math.abs(ageMs) > tolerance ? "oldTimestamp" : undefined;
}
