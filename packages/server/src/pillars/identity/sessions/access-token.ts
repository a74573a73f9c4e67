import { Buffer } from "node:buffer";
import type { JWTPayload } from "jose";
import { ownUrl } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import { signCompact } from "./compact-jws.ts";
import { raise } from "./errors.ts";
import { settingsOf } from "./settings.ts";
import { SIGNED_LIFE_MAX_SECONDS } from "./signing-keys.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** `client_id` of tokens that a sign-in gives out: the server's own, of no OAuth client. */
const FIRST_PARTY = "portico";

const TYPE = "at+jwt";
const LENGTH_MAX = 4_096;
/** How far the clocks of two processes may be apart. */
const SKEW_SECONDS = 60;

/** What an access token of a session says. */
export interface AccessClaims {
  readonly sub: string;
  readonly sid: string;
  readonly org: string;
  /** Seconds since 1970 at which the person last gave a proof. */
  readonly auth_time: number;
  readonly amr: readonly string[];
  /** Who really acts (RFC 8693 §4.1). */
  readonly act?: { readonly sub: string };
}

/** What a token that was checked stands for. */
export interface CheckedToken {
  readonly sessionId: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Signs and checks access tokens (RFC 9068) with the installation's keys. */
export class AccessTokens {
  readonly #ctx: PluginContext;
  readonly #keys: SigningKeys;

  constructor(ctx: PluginContext, keys: SigningKeys) {
    this.#ctx = ctx;
    this.#keys = keys;
  }

  /** `iss` of every token: the server's public address. */
  get issuer(): string {
    return ownUrl(this.#ctx.server);
  }

  /** An access token of a session, for so many seconds. */
  issue(claims: AccessClaims, lifeSeconds: number): string {
    const audience = this.#audience;
    return this.sign({ ...claims, aud: audience, client_id: FIRST_PARTY }, lifeSeconds);
  }

  /** Signs any claims; `iss`, `iat`, `exp` and `jti` are added where they are not given. */
  sign(claims: Readonly<Record<string, unknown>>, lifeSeconds: number): string {
    if (!(lifeSeconds > 0 && lifeSeconds <= SIGNED_LIFE_MAX_SECONDS)) {
      throw new TypeError(
        `a token lives from 1 to ${SIGNED_LIFE_MAX_SECONDS} s, not ${lifeSeconds}`,
      );
    }
    const iat = Math.floor(this.#ctx.clock.now() / 1_000);
    const added = { iss: this.issuer, jti: this.#ctx.makeId("at"), iat, exp: iat + lifeSeconds };
    return signCompact({ ...added, ...claims }, TYPE, this.#keys.current());
  }

  /** Whether a bearer token says of itself that a sign-in here gave it out; nothing of it is proved. */
  isOurs(text: string): boolean {
    if (text.length > LENGTH_MAX || !text.startsWith("ey")) return false;
    const claims = claimsOf(text);
    return claims?.["iss"] === this.issuer && claims["client_id"] === FIRST_PARTY;
  }

  /** What a token stands for, its signature and claims checked. Throws `identity.badAccessToken`, `identity.tokenExpired`. */
  async check(text: string): Promise<CheckedToken> {
    const { decodeProtectedHeader, jwtVerify } = await import("jose");
    const nowMs = this.#ctx.clock.now();
    try {
      const { kid } = decodeProtectedHeader(text);
      const key = kid === undefined ? undefined : await this.#keys.find(kid);
      if (key === undefined) throw raise("identity.badAccessToken", { internal: "unknown key" });
      const { payload } = await jwtVerify(text, key.publicKey, {
        // The key's own and no other: what the token says of itself decides nothing.
        algorithms: [key.algorithm],
        issuer: this.issuer,
        audience: this.#audience,
        typ: TYPE,
        currentDate: new Date(nowMs),
        requiredClaims: ["sub", "exp", "iat", "jti", "client_id", "sid", "org"],
      });
      return checked(payload, nowMs);
    } catch (error) {
      const code = codeOf(error);
      if (code === "ERR_JWT_EXPIRED") throw raise("identity.tokenExpired", { cause: error });
      if (code.startsWith("ERR_J") || error instanceof TypeError) {
        throw raise("identity.badAccessToken", { cause: error });
      }
      throw error;
    }
  }

  get #audience(): string {
    return settingsOf(this.#ctx).tokens.audience ?? this.issuer;
  }
}

function checked(payload: JWTPayload, nowMs: number): CheckedToken {
  const { sid, exp = 0, iat = 0, client_id } = payload;
  if (typeof sid !== "string" || client_id !== FIRST_PARTY) {
    throw raise("identity.badAccessToken", { internal: "of no session" });
  }
  if (iat > nowMs / 1_000 + SKEW_SECONDS) {
    throw raise("identity.badAccessToken", { internal: "issued in the future" });
  }
  return { sessionId: sid, expiresAt: exp * 1_000 };
}

function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : "";
  return String(code);
}

function claimsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload, signature, ...more] = text.split(".");
  if (payload === undefined || signature === undefined || more.length > 0) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    // Only compared with texts of ours.
    return typeof claims === "object" && claims !== null
      ? (claims as Record<string, unknown>)
      : undefined;
  } catch {
    // No JWT: some other kind of bearer token.
    return undefined;
  }
}
