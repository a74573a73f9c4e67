import { point } from "portico/kernel";
import type { Caller, PluginContext, Tx } from "portico/kernel";

/** Where a session comes from. */
export interface SessionOrigin {
  readonly address: string;
  /** The `User-Agent` field, cut at 256 characters. */
  readonly device: string;
}

/** `long`: of an application, or of a browser that is to be remembered. `short`: of a browser, until it is closed. */
export type SessionLife = "long" | "short";

/** A new session. */
export interface NewSession {
  readonly userId: string;
  readonly organization: string;
  readonly from: SessionOrigin;
  /** How the person was recognised, by the names of RFC 8176: `pwd`, `otp`, `fed`. */
  readonly methods: readonly string[];
  /** `long` when left out. */
  readonly life?: SessionLife;
  /** The administrator who acts as this person, for at most an hour and without a refresh. */
  readonly impersonator?: string;
  /** The administrator's own session, with which this one ends. */
  readonly impersonatorSession?: string;
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
  /** `Set-Cookie` fields that make a browser hold this session; none where the server's address allows no cookie. */
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
  /** Within the transaction of what it follows from. */
  open(session: NewSession, tx: Tx): Promise<OpenedSession>;
  /**
   * After a further proof: a new session with all its secrets in place of this one, within the same absolute limit. Undefined
   * for one that has ended.
   */
  renew(id: string, methods: readonly string[], tx: Tx): Promise<OpenedSession | undefined>;
  /** Ends them and their tokens, on every process within a second. Answers how many. */
  end(which: SessionsOf, tx: Tx): Promise<number>;
  /** The browser session of a `Cookie` field; undefined where it holds none that lives. */
  ofCookie(cookie: string | undefined): Promise<Caller | undefined>;
  /**
   * Looks sessions of this person (or, for `*`, of everybody) up anew from now on, until the change feed has told of the
   * person. Called before a person's row is changed: then this process acts by the change from the commit on, and not
   * from the next reading of the feed. Memberships and grants are asked for at each request anyway.
   */
  distrust(userId: string): void;
  /** Signs claims with the present key: `typ` `at+jwt`, `iss`, `iat`, `jti` are added where they are not given. */
  sign(claims: Readonly<Record<string, unknown>>, lifeSeconds: number): string;
  /** Public keys, those of the recent past and the next one included. */
  publicKeys(): Promise<PublicKeys>;
  /** Private keys as JWK for an engine that signs by itself, the present one first. Never leaves the process. */
  signingKeys(): Promise<PublicKeys>;
}

/** The kind under which the end of sessions is told; the id is the session's. */
export const SESSION_CHANGES = "identity.session";

/** A code, and whose it is said to be. */
export interface FactorProof {
  readonly userId: string;
  readonly code: string;
  /** The client's address, for the brakes on guessing. */
  readonly address: string;
}

/** A second proof that some people have set up: asked for at each sign-in with a password. */
export interface SecondFactor {
  readonly id: string;
  /** Whether this person has set it up. */
  needed(userId: string, ctx: PluginContext): Promise<boolean>;
  /**
   * The name of RFC 8176 for the proof, such as `otp`, when the code is right and was not used before; undefined for a wrong
   * one. It brakes guessing by person and address itself, and throws its own 429.
   */
  verify(proof: FactorProof, ctx: PluginContext): Promise<string | undefined>;
}

/** `identity.secondFactors@1` */
export const SecondFactors = point<SecondFactor>("identity.secondFactors@1");
