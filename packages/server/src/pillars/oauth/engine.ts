import type { MountExchange } from "portico/kernel";

/** Where an authorization request waits for its user. */
export interface Interaction {
  readonly uid: string;
  /** What it waits for: that the user signs in, or allows what the client asks for. */
  readonly step: "login" | "consent";
  readonly clientId: string;
  readonly clientName: string;
  readonly organization: string;
  /** The scopes that are asked for. */
  readonly scopes: readonly string[];
  /** Who is signed in; undefined while nobody is, and where the client asks that somebody signs in anew. */
  readonly userId: string | undefined;
  /** What the client says of who is meant, for the form. */
  readonly loginHint: string;
}

/**
 * The engine of the protocols: OAuth 2.1 and OpenID Connect. It parses, checks and answers their requests, and keeps to
 * nothing of its own: its things live in the pillar's tables, its users in identity, its pages are the pillar's.
 */
export interface OAuthEngine {
  /** Answers a request of the protocol. */
  serve(exchange: MountExchange): Promise<void>;
  /** The interaction of this browser at this address; undefined when it is over, or another browser's. */
  interaction(exchange: MountExchange): Promise<Interaction | undefined>;
  /** Goes on with the request of a user who has just signed in. Ends the response. */
  signedIn(exchange: MountExchange, userId: string, methods: readonly string[]): Promise<void>;
  /** Goes on with the request of a user who has allowed its scopes. Ends the response. */
  allowed(exchange: MountExchange): Promise<void>;
  /** Sends the browser back to the client with `access_denied`. Ends the response. */
  denied(exchange: MountExchange): Promise<void>;
}
