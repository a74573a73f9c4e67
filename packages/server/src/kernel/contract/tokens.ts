/** What a token lets its holder do. */
export interface TokenSpec {
  readonly organization: string;
  /** Names its holder in rows, logs and the audit, and is what it is revoked by: `portal:cust_7`. */
  readonly subject: string;
  /** Permissions over the organization; whoever issues checks that it may give them. */
  readonly permissions: readonly string[];
  /**
   * What the holder is kept to, such as `{ "webhooks.owner": "cust_7" }`. With it, a token reaches the operations that
   * declare to keep to every one of these names (`keepsTo`), and nothing else of the server.
   */
  readonly restrictions?: Readonly<Record<string, string>>;
  /** From 1 s to 24 h; 1 h when left out. */
  readonly expiresInMs?: number;
}

/** A token as it is shown, once. */
export interface IssuedToken {
  /** Sent as `Authorization: Bearer …`. */
  readonly token: string;
  readonly id: string;
  /** Milliseconds since 1970, UTC. */
  readonly expiresAt: number;
}

/**
 * Short-lived credentials that a plugin hands to somebody who is no caller of the server's own, such as a customer of
 * the application. Stored hashed; gone when they expire.
 */
export interface Tokens {
  /** Durable when it settles. Not within a transaction: call it in `prepare`. Throws `tokens.badSpec`. */
  issue(spec: TokenSpec): Promise<IssuedToken>;
  /** Ends all tokens of a subject at once, on every process. */
  revoke(holder: { readonly organization: string; readonly subject: string }): Promise<void>;
}
