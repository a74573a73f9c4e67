import type { Caller, Tx } from "portico/kernel";

/** Where a session comes from. */
export interface SessionOrigin {
  readonly address: string;
  /** The `User-Agent` field, cut at 256 characters. */
  readonly device: string;
}

/** A new session. */
export interface NewSession {
  readonly userId: string;
  readonly organization: string;
  readonly from: SessionOrigin;
  /** How the person was recognised, by the names of RFC 8176: `pwd`, `otp`, `fed`. */
  readonly methods: readonly string[];
  /** The administrator who acts as this person, for at most an hour and without a refresh. */
  readonly impersonator?: string;
}

/** What its holder is given, once. */
export interface OpenedSession {
  readonly id: string;
  /** `at+jwt`, RFC 9068. */
  readonly accessToken: string;
  /** Null for a session of an impersonator. */
  readonly refreshToken: string | null;
  /** Of the access token, in seconds. */
  readonly expiresIn: number;
  /** `Set-Cookie` fields that make a browser hold this session. */
  readonly cookies: readonly string[];
}

/** Which sessions. */
export interface SessionsOf {
  readonly userId: string;
  /** All but this one. */
  readonly except?: string;
  /** Just this one. */
  readonly only?: string;
}

/** A JSON Web Key set, public halves only. */
export interface PublicKeys {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** Sessions, their tokens, and the keys that sign them. */
export interface SessionsFace {
  open(session: NewSession, tx: Tx): Promise<OpenedSession>;
  /** Ends them and their tokens, on every process within a second. Answers how many. */
  end(which: SessionsOf, tx: Tx): Promise<number>;
  /** The browser session of a `Cookie` field; undefined where it holds none that lives. */
  ofCookie(cookie: string | undefined): Promise<Caller | undefined>;
  /** Signs claims with the present key: `typ` `at+jwt`, `iss`, `iat`, `jti` are added. */
  sign(claims: Readonly<Record<string, unknown>>, lifeSeconds: number): Promise<string>;
  /** Public keys, those of the recent past and the next one included. */
  publicKeys(): Promise<PublicKeys>;
  /** Private keys as JWK for an engine that signs by itself, the present one first. Never leaves the process. */
  signingKeys(): Promise<PublicKeys>;
}

/** The kind under which the end of sessions is told; the id is the session's. */
export const SESSION_CHANGES = "identity.session";
