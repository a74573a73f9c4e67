import { decodeBase64 } from "./base64.ts";
import { WebhookError } from "./errors.ts";
import { importSecret } from "./keys.ts";
import { bytesOf, joined, readBody } from "./read-body.ts";

const TOLERANCE_SECONDS = 300;
const BODY_BYTES_MAX = 5_000_000;
/** More than any sender has secrets at a time: each costs a comparison. */
const SIGNATURES_MAX = 10;

/** A request in parts, for frameworks without a `Request`: the headers, and the body's bytes or text as they came. */
export interface Delivered {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string | Uint8Array | ArrayBuffer;
}

/** What may be asked for besides. */
export interface VerifyOptions {
  /** How far the signed time may be from now, either way; 300. */
  readonly toleranceSeconds?: number;
  /** Largest body; 5 MB. */
  readonly bodyBytesMax?: number;
  /** Milliseconds since 1970; the machine's clock. */
  readonly now?: () => number;
}

/** A genuine message. */
export interface VerifiedEvent<TData = unknown> {
  /** The same over all attempts: what was handled under this id need not be handled again. */
  readonly id: string;
  /** When this attempt was signed. */
  readonly sentAt: Date;
  /** `type` of the body, or `event` of Portico's other form; null where there is neither. */
  readonly type: string | null;
  /** When it happened, as the body says it. */
  readonly timestamp: string | null;
  /** `data` of the body. */
  readonly data: TData;
  /** The whole body, parsed. */
  readonly body: unknown;
}

/**
 * Verifies one webhook by Standard Webhooks 1.0 and answers its event. Several secrets may be given while they change;
 * `whsec_…` verifies signatures `v1`, a public key `whpk_…` those of `v1a`. Headers `svix-*` are read where there are no
 * `webhook-*`. Throws {@link WebhookError}.
 *
 * @example
 * const event = await verify(request, process.env.WEBHOOK_SECRET);
 * if (event.type === "invoice.paid") await ship(event.data);
 */
export async function verify<TData = unknown>(
  request: Request | Delivered,
  secret: string | readonly string[] | undefined,
  options: VerifyOptions = {},
): Promise<VerifiedEvent<TData>> {
  const { bodyBytesMax = BODY_BYTES_MAX } = options;
  const secrets = typeof secret === "string" ? [secret] : (secret ?? []);
  if (secrets.length === 0) throw new WebhookError("badSecret", "none was given");
  const keys = await Promise.all(secrets.map(importSecret));
  const signed = signedHeaders(request.headers);
  // Before the body is read: what is old need not be held.
  const sentAt = readTime(signed.timestamp, options);
  const bytes =
    request instanceof Request
      ? await readBody(request, bodyBytesMax)
      : bytesOf(request.body, bodyBytesMax);
  const head = new TextEncoder().encode(`${signed.id}.${signed.timestamp}.`);
  const content = joined([head, bytes]);
  const candidates = signed.signatures.split(" ").slice(0, SIGNATURES_MAX);
  let count = 0;
  for (const { prefix, verify: isGenuine } of keys) {
    for (const candidate of candidates.filter((each) => each.startsWith(prefix))) {
      const signature = decodeBase64(candidate.slice(prefix.length));
      count += 1;
      if (signature !== undefined && (await isGenuine(signature, content))) {
        return eventOf<TData>(bytes, { id: signed.id, sentAt });
      }
    }
  }
  throw new WebhookError(count === 0 ? "noSignature" : "wrongSignature");
}

interface SignedHeaders {
  readonly id: string;
  readonly timestamp: string;
  readonly signatures: string;
}

function signedHeaders(headers: Delivered["headers"]): SignedHeaders {
  const prefix = find(headers, "webhook-id") === undefined ? "svix" : "webhook";
  const need = (name: string): string => {
    const value = find(headers, `${prefix}-${name}`);
    if (value === undefined) throw new WebhookError("missingHeader", `webhook-${name}`);
    return value;
  };
  return { id: need("id"), timestamp: need("timestamp"), signatures: need("signature") };
}

function find(headers: Delivered["headers"], name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const values = Object.entries(headers)
    .filter(([each]) => each.toLowerCase() === name)
    .flatMap(([, value]) => value ?? []);
  if (values.length > 1) throw new WebhookError("repeatedHeader", name);
  return values[0];
}

function readTime(text: string, options: VerifyOptions): Date {
  const { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now } = options;
  if (!/^\d{1,12}$/.test(text)) throw new WebhookError("badTimestamp");
  const sentAt = Number(text) * 1_000;
  const isNear = Math.abs(now() - sentAt) <= toleranceSeconds * 1_000;
  if (!isNear) throw new WebhookError("oldTimestamp");
  return new Date(sentAt);
}

function eventOf<TData>(
  bytes: Uint8Array,
  signed: { readonly id: string; readonly sentAt: Date },
): VerifiedEvent<TData> {
  const body = parsed(bytes);
  const fields = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  return {
    ...signed,
    type: textOf(fields["type"]) ?? textOf(fields["event"]),
    timestamp: textOf(fields["timestamp"]) ?? textOf(fields["time"]),
    // Only the caller knows what its sender puts there.
    data: fields["data"] as TData,
    body,
  };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch {
    // Whichever of the two it was, it is the sender's mistake.
    throw new WebhookError("unreadableBody");
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
