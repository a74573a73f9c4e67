/** One request through the guarded client. */
export interface OutboundRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** All of it: name look-up, connection, reply and body. 20,000 ms when left out. */
  readonly timeoutMs?: number;
  /** Bytes of the reply that are read before the socket is destroyed. 65,536 when left out. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** What came back. Redirects are never followed: a 3xx is answered as it is. */
export interface OutboundReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
  /** True when the reply was longer than `maxBytes`. */
  readonly isTruncated: boolean;
  readonly durationMs: number;
  /** The address that was connected to. */
  readonly address: string;
}

/**
 * HTTP to addresses that a tenant can choose. The URL is parsed once; scheme and port are checked; all addresses of the
 * name are looked up and the call refused if any is not public; the connection goes to the checked address, with
 * the name in SNI and Host. Throws problems `outbound.*`, of which `outbound.refused` means "not allowed", never "failed".
 */
export interface Outbound {
  request(request: OutboundRequest): Promise<OutboundReply>;
  /** Why this URL would be refused without looking its name up, or undefined. For checks while saving. */
  objection(url: string): string | undefined;
}
