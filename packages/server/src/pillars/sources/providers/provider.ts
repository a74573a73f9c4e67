/** Where in a message something stands: a header, a member of its JSON body, a field of its form, or a word of ours. */
export type Place =
  | { readonly header: string }
  /** RFC 6901 */
  | { readonly pointer: string }
  | { readonly form: string }
  | { readonly word: string };

/** How the value of a signature header lists signatures. */
export type SignatureForm =
  /** One, after a fixed beginning: `sha256=…`. */
  | { readonly kind: "plain"; readonly prefix: string }
  /** `t=1614265330,v1=…,v1=…`: signatures under one name, the timestamp under another. */
  | { readonly kind: "pairs"; readonly name: string; readonly timestampName: string }
  /** Several, between spaces, each after a fixed beginning: `v1,… v1,…`. */
  | { readonly kind: "list"; readonly prefix: string };

/** What a signature is made with. The message never chooses. */
export type SignatureAlgorithm =
  "hmac-sha256" | "hmac-sha512" | "hmac-sha1" | "ecdsa-p256-sha256" | "ed25519";

/**
 * How a secret is written: as it is used, as base64 after `whsec_`, or as a public key, which is SPKI (DER in base64) or
 * the 32 bytes of ed25519 in hex.
 */
export type SecretForm = "text" | "whsec" | "spki" | "ed25519";

/** A question that a provider asks of a new endpoint, and its answer. */
export interface Handshake {
  /** The message is a question where this member of its body has this value. */
  readonly pointer: string;
  readonly equals: string | number;
  /** Member whose text is answered as it came; where there is none, the answer is 204. */
  readonly echo?: string;
}

/** Everything that is special about one sender of webhooks. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** Where the vendor describes it. */
  readonly documentation: string;
  readonly signature: {
    readonly header: string;
    readonly form: SignatureForm;
    readonly encoding: "hex" | "base64";
    readonly algorithm: SignatureAlgorithm;
  };
  readonly secret: SecretForm;
  /** True where the sender is told the secret, so that it may be one of ours. */
  readonly takesSecret: boolean;
  /**
   * What is signed, with `{timestamp}`, `{id}`, `{body}`, `{url}` (as the sender called it) and `{form}` (the fields of a
   * form sorted by name, each followed by its value) in their places.
   */
  readonly content: string;
  /** Where `{timestamp}` stands, when not among the signatures. Seconds since 1970. */
  readonly timestampHeader?: string;
  /** Of the timestamp; seconds when left out. */
  readonly timestampUnit?: "milliseconds";
  /** How far a signed timestamp may be from now, either way. Only where the content has one. */
  readonly toleranceMs?: number;
  /** Parameter of the query with the SHA-256 of a body that is no form, where the body itself is not signed. */
  readonly bodyHashParameter?: string;
  /** Where the message's id stands: the first place that has one. It must be a header where `{id}` is signed. */
  readonly messageId: readonly Place[];
  /** What becomes the event's type, its parts joined by dots: the first list whose places all have something. */
  readonly eventType: readonly (readonly Place[])[];
  /** The type of a message that has none. */
  readonly otherType: string;
  readonly handshake?: Handshake;
  /** True where an address is asked by HEAD whether it is there, before anything is sent to it. */
  readonly isProbed?: boolean;
  /**
   * `empty`: 200 without a body, for senders who show or interpret what they are answered. `silent`: a refusal has no body
   * either.
   */
  readonly answer: "accepted" | "empty" | "silent";
}
