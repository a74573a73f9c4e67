import { Buffer } from "node:buffer";
import { createECDH, createHash, createPrivateKey, sign } from "node:crypto";
import type { Caller, Clock, Secrets } from "portico/kernel";

/** Tells upstreams who calls, in a form that only this installation can make. */
export interface IdentitySigner {
  /** A compact ES256 JWT for one caller and one API, signed at most once a minute for each. */
  token(caller: Caller, audience: string): string;
  /** The public half as a JSON Web Key (RFC 7517). */
  readonly publicKey: Readonly<Record<string, string>>;
}

/** What a signer is made of. */
export interface IdentityOptions {
  readonly secrets: Pick<Secrets, "derive">;
  readonly clock: Pick<Clock, "now">;
  readonly issuer: () => string;
}

const REUSED_MS = 60_000;
const VALID_S = 120;
const HELD_MAX = 10_000;
const PURPOSE = "gateway.identity.es256";

interface Held {
  readonly token: string;
  readonly until: number;
}

/**
 * Makes the signer. The key is derived from the installation's keyring, so that every process has the same one and none
 * is stored. A token is used for 60 s and valid for 120 s: an upstream always sees at least a minute of it.
 */
export function identitySigner({ secrets, clock, issuer }: IdentityOptions): IdentitySigner {
  const { privateKey, publicJwk } = deriveKey(secrets);
  const header = encode({ alg: "ES256", typ: "JWT", kid: publicJwk.kid });
  const held = new Map<string, Held>();
  const lastOf = new WeakMap<Caller, Held & { readonly audience: string }>();
  const make = (caller: Caller, audience: string, nowMs: number): Held => {
    const issuedAt = Math.floor(nowMs / 1_000);
    const payload = encode({
      iss: issuer(),
      aud: audience,
      sub: caller.subject,
      iat: issuedAt,
      exp: issuedAt + VALID_S,
      organization: caller.organization,
      kind: caller.kind,
      permissions: caller.permissions,
      ...(caller.credential === undefined ? {} : { credential: caller.credential }),
      ...(caller.environment === undefined ? {} : { environment: caller.environment }),
    });
    const signed = `${header}.${payload}`;
    const signature = sign("sha256", Buffer.from(signed), {
      key: privateKey,
      dsaEncoding: "ieee-p1363",
    });
    return { token: `${signed}.${signature.toString("base64url")}`, until: nowMs + REUSED_MS };
  };
  return {
    publicKey: publicJwk,
    token: (caller, audience) => {
      const nowMs = clock.now();
      // A caller is one readonly object as long as its key is unchanged: then there is no name to be written.
      const last = lastOf.get(caller);
      if (last?.audience === audience && isFresh(last, nowMs)) return last.token;
      const name = nameOf(caller, audience);
      let found = held.get(name);
      if (found === undefined || !isFresh(found, nowMs)) {
        if (held.size >= HELD_MAX) held.clear();
        found = make(caller, audience, nowMs);
        held.set(name, found);
      }
      lastOf.set(caller, { ...found, audience });
      return found.token;
    },
  };
}

/** A clock set back makes `until` lie far ahead: then it is signed anew as well. */
function isFresh({ until }: Held, nowMs: number): boolean {
  return nowMs < until && until - nowMs <= REUSED_MS;
}

/** All that the token says, so that a changed permission is told at once. */
function nameOf(caller: Caller, audience: string): string {
  const { organization, kind, subject, credential, environment, permissions } = caller;
  return `${audience}\0${organization}\0${kind}\0${subject}\0${credential ?? ""}\0${environment ?? ""}\0${permissions.join(" ")}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function deriveKey(secrets: Pick<Secrets, "derive">): {
  readonly privateKey: ReturnType<typeof createPrivateKey>;
  readonly publicJwk: Readonly<Record<string, string>> & { readonly kid: string };
} {
  const curve = createECDH("prime256v1");
  const scalar = secrets.derive(PURPOSE);
  // A derived value outside 1 … n-1 has a chance of 2^-32 and is refused by setPrivateKey.
  curve.setPrivateKey(Buffer.from(scalar));
  const point = curve.getPublicKey();
  const x = point.subarray(1, 33).toString("base64url");
  const y = point.subarray(33, 65).toString("base64url");
  const d = Buffer.from(scalar).toString("base64url");
  const privateKey = createPrivateKey({
    key: { kty: "EC", crv: "P-256", x, y, d },
    format: "jwk",
  });
  // RFC 7638: the members in this order and no others.
  const thumbprint = JSON.stringify({ crv: "P-256", kty: "EC", x, y });
  const kid = createHash("sha256").update(thumbprint).digest("base64url");
  return {
    privateKey,
    publicJwk: { kty: "EC", crv: "P-256", x, y, use: "sig", alg: "ES256", kid },
  };
}
