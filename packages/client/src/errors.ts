/** Every reason for which a message is not trusted, with what to do about it. */
export const webhookErrors = {
  badSecret:
    "The secret cannot be used: it must be `whsec_` and base64 of 16 bytes or more, or a public key `whpk_`.",
  missingHeader: "A header is missing that every signed webhook carries.",
  repeatedHeader: "A header came more than once, which leaves open which one was signed.",
  badTimestamp: "The timestamp is not a whole number of seconds since 1970.",
  oldTimestamp: "The message was signed too long ago, or the clocks of sender and receiver differ.",
  noSignature: "The signature header holds no signature of a kind that the secrets can verify.",
  wrongSignature: "No signature is that of this body with any of the secrets.",
  usedBody: "The body was read already: give `verify` the request before anything else reads it.",
  parsedBody:
    "The body is a parsed value: give its bytes or its text, as they came. Parsing loses what was signed.",
  largeBody: "The body is larger than `bodyBytesMax`.",
  unreadableBody: "The signature is right, but the body is not JSON.",
} as const;

/** The stable name of one reason. */
export type WebhookErrorCode = keyof typeof webhookErrors;

/**
 * A message that is not to be trusted. Answer it 400 or 401 and do nothing else.
 *
 * @example
 * try {
 *   await verify(request, secret);
 * } catch (error) {
 *   if (error instanceof WebhookError) return new Response(error.code, { status: 401 });
 *   throw error;
 * }
 */
export class WebhookError extends Error {
  override readonly name = "WebhookError";
  readonly code: WebhookErrorCode;

  constructor(code: WebhookErrorCode, detail = "") {
    super(detail === "" ? webhookErrors[code] : `${webhookErrors[code]} (${detail})`);
    this.code = code;
  }
}
