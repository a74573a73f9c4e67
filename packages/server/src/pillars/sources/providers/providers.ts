import type { Provider } from "./provider.ts";

const MINUTE_MS = 60_000;

/** The senders that Portico knows. A new one is a row here, and its vectors in `providers.test.ts`. */
export const providers: readonly Provider[] = [
  {
    id: "stripe",
    name: "Stripe",
    documentation: "https://docs.stripe.com/webhooks#verify-manually",
    signature: {
      header: "stripe-signature",
      form: { kind: "pairs", name: "v1", timestampName: "t" },
      encoding: "hex",
      algorithm: "hmac-sha256",
    },
    secret: "text",
    takesSecret: false,
    content: "{timestamp}.{body}",
    toleranceMs: 5 * MINUTE_MS,
    messageId: [{ pointer: "/id" }],
    eventType: [[{ pointer: "/type" }]],
    otherType: "received",
    answer: "accepted",
  },
  {
    id: "github",
    name: "GitHub",
    documentation:
      "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    signature: {
      header: "x-hub-signature-256",
      form: { kind: "plain", prefix: "sha256=" },
      encoding: "hex",
      algorithm: "hmac-sha256",
    },
    secret: "text",
    takesSecret: true,
    content: "{body}",
    messageId: [{ header: "x-github-delivery" }],
    eventType: [
      [{ header: "x-github-event" }, { pointer: "/action" }],
      [{ header: "x-github-event" }],
    ],
    otherType: "received",
    answer: "accepted",
  },
  {
    id: "slack",
    name: "Slack",
    documentation: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
    signature: {
      header: "x-slack-signature",
      form: { kind: "plain", prefix: "v0=" },
      encoding: "hex",
      algorithm: "hmac-sha256",
    },
    secret: "text",
    takesSecret: false,
    content: "v0:{timestamp}:{body}",
    timestampHeader: "x-slack-request-timestamp",
    toleranceMs: 5 * MINUTE_MS,
    messageId: [{ pointer: "/event_id" }, { form: "trigger_id" }],
    eventType: [
      [{ pointer: "/event/type" }],
      [{ pointer: "/type" }],
      [{ word: "command" }, { form: "command" }],
    ],
    otherType: "received",
    handshake: { pointer: "/type", equals: "url_verification", echo: "/challenge" },
    answer: "empty",
  },
  {
    id: "shopify",
    name: "Shopify",
    documentation:
      "https://shopify.dev/docs/apps/build/webhooks/subscribe/https#step-2-validate-the-origin-of-your-webhook-to-ensure-its-coming-from-shopify",
    signature: {
      header: "x-shopify-hmac-sha256",
      form: { kind: "plain", prefix: "" },
      encoding: "base64",
      algorithm: "hmac-sha256",
    },
    secret: "text",
    takesSecret: false,
    content: "{body}",
    // Not `x-shopify-event-id`: what one act of a merchant causes may be several messages, of several topics.
    messageId: [{ header: "x-shopify-webhook-id" }],
    eventType: [[{ header: "x-shopify-topic" }]],
    otherType: "received",
    answer: "accepted",
  },
  {
    id: "twilio",
    name: "Twilio",
    documentation: "https://www.twilio.com/docs/usage/security#validating-requests",
    signature: {
      header: "x-twilio-signature",
      form: { kind: "plain", prefix: "" },
      encoding: "base64",
      algorithm: "hmac-sha1",
    },
    secret: "text",
    takesSecret: false,
    content: "{url}{form}",
    bodyHashParameter: "bodySHA256",
    messageId: [{ header: "i-twilio-idempotency-token" }],
    eventType: [
      [{ word: "message" }, { form: "MessageStatus" }],
      [{ word: "call" }, { form: "CallStatus" }],
      [{ word: "message" }, { form: "SmsStatus" }],
    ],
    otherType: "received",
    answer: "empty",
  },
  {
    id: "sendgrid",
    name: "SendGrid",
    documentation:
      "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
    signature: {
      header: "x-twilio-email-event-webhook-signature",
      form: { kind: "plain", prefix: "" },
      encoding: "base64",
      algorithm: "ecdsa-p256-sha256",
    },
    secret: "spki",
    takesSecret: false,
    content: "{timestamp}{body}",
    timestampHeader: "x-twilio-email-event-webhook-timestamp",
    // It tries again for a day, and nowhere says that it signs again.
    toleranceMs: 24 * 60 * MINUTE_MS,
    // A batch of events has no id of its own; each of them has one, within the body.
    messageId: [],
    eventType: [],
    otherType: "events",
    answer: "accepted",
  },
  {
    id: "standard-webhooks",
    name: "Standard Webhooks",
    documentation:
      "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    signature: {
      header: "webhook-signature",
      form: { kind: "list", prefix: "v1," },
      encoding: "base64",
      algorithm: "hmac-sha256",
    },
    secret: "whsec",
    takesSecret: true,
    content: "{id}.{timestamp}.{body}",
    timestampHeader: "webhook-timestamp",
    toleranceMs: 5 * MINUTE_MS,
    messageId: [{ header: "webhook-id" }],
    eventType: [[{ pointer: "/type" }]],
    otherType: "received",
    answer: "accepted",
  },
  {
    id: "svix",
    name: "Svix and those who send by it",
    documentation: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
    signature: {
      header: "svix-signature",
      form: { kind: "list", prefix: "v1," },
      encoding: "base64",
      algorithm: "hmac-sha256",
    },
    secret: "whsec",
    takesSecret: false,
    content: "{id}.{timestamp}.{body}",
    timestampHeader: "svix-timestamp",
    toleranceMs: 5 * MINUTE_MS,
    messageId: [{ header: "svix-id" }],
    eventType: [[{ pointer: "/type" }]],
    otherType: "received",
    answer: "accepted",
  },
];

/** The provider whose every part the source itself says. */
export const GENERIC = "hmac";

/** The known provider of this id. */
export function findProvider(id: string): Provider | undefined {
  return providers.find((provider) => provider.id === id);
}
