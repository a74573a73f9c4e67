import { Buffer } from "node:buffer";
import type { PluginContext } from "portico/kernel";
import type { Provider } from "./providers/index.ts";
import { raise } from "./errors.ts";
import { readSecret } from "./verification/index.ts";

const SECRETS_MAX = 5;
const WHSEC = "whsec_";

/** One secret of a source. */
export interface SourceSecret {
  readonly value: string;
  /** Milliseconds since 1970; null while no other has taken its place. */
  readonly until: number | null;
}

/** What sealing needs. */
export interface SecretPlace {
  readonly ctx: PluginContext;
  readonly organization: string;
  readonly source: string;
}

/** Seals the secrets of one source into its column. */
export function sealSecrets(
  { ctx, organization, source }: SecretPlace,
  secrets: readonly SourceSecret[],
): string {
  return ctx.secrets.seal(JSON.stringify(secrets), placeOf(organization, source));
}

/** Opens what {@link sealSecrets} has sealed. */
export function openSecrets(
  { ctx, organization, source }: SecretPlace,
  sealed: string,
): readonly SourceSecret[] {
  return JSON.parse(ctx.secrets.open(sealed, placeOf(organization, source))) as SourceSecret[];
}

function placeOf(organization: string, source: string): readonly string[] {
  return [organization, "sources_sources", "secrets", source];
}

/** Raises `sources.badSecret` for a secret that the provider cannot have given. */
export function checkSecret(secret: string, provider: Provider): void {
  const read = readSecret(secret, provider.secret);
  if (!read.ok) throw raise("sources.badSecret", { params: { reason: read.reason } });
}

/** A new secret of 32 random bytes, for a sender that takes one. */
export function newSecret(provider: Provider, fillRandom: (bytes: Uint8Array) => void): string {
  const bytes = Buffer.alloc(32);
  fillRandom(bytes);
  return provider.secret === "whsec" ? WHSEC + bytes.toString("base64") : bytes.toString("hex");
}

/** The secrets after a rotation: those before run out with the overlap. Raises `sources.tooManySecrets`. */
export function rotated(
  before: readonly SourceSecret[],
  {
    value,
    nowMs,
    overlapMs,
  }: { readonly value: string; readonly nowMs: number; readonly overlapMs: number },
): readonly SourceSecret[] {
  const end = nowMs + overlapMs;
  const kept = before
    .filter((secret) => secret.value !== value)
    .map((secret) => ({ ...secret, until: Math.min(secret.until ?? end, end) }))
    .filter(({ until }) => until > nowMs);
  if (kept.length >= SECRETS_MAX) {
    throw raise("sources.tooManySecrets", { params: { max: SECRETS_MAX } });
  }
  return [...kept, { value, until: null }];
}
