import { Buffer } from "node:buffer";
import { createHmac, createPrivateKey, sign } from "node:crypto";

/** One genuine message, as its sender would make it. */
export interface Vector {
  readonly title: string;
  readonly provider: string;
  readonly secret: string;
  /** Seconds since 1970 at which it was sent. */
  readonly at: number;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const FORM = "application/x-www-form-urlencoded";
const SLACK_BODY =
  "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
  "&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com" +
  "%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121." +
  "803a0bc887a14d10d2c447fce8b6703c";
const SENDGRID_BODY =
  '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",' +
  '"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",' +
  '"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",' +
  '"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n';

/** Printed by the vendors themselves: in their documentation, or in the tests of their libraries. */
export const vendorVectors: readonly Vector[] = [
  {
    title: "GitHub's documentation, “Validating webhook deliveries”",
    provider: "github",
    secret: "It's a Secret to Everybody",
    at: 1_700_000_000,
    headers: {
      "content-type": "application/json",
      "x-github-event": "ping",
      "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      "x-hub-signature-256":
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    },
    body: "Hello, World!",
  },
  {
    title: "Slack's documentation, “Verifying requests from Slack”",
    provider: "slack",
    secret: "8f742231b10e8888abcd99yyyzzz85a5",
    at: 1_531_420_618,
    headers: {
      "content-type": FORM,
      "x-slack-request-timestamp": "1531420618",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    },
    body: SLACK_BODY,
  },
  {
    title: "Twilio's documentation of validating requests",
    provider: "twilio",
    secret: "12345",
    at: 1_700_000_000,
    url: "https://mycompany.com/myapp.php?foo=1&bar=2",
    headers: { "content-type": FORM, "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=" },
    body: "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212",
  },
  {
    title: "the tests of SendGrid's own library",
    provider: "sendgrid",
    secret:
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
    at: 1_600_112_502,
    headers: {
      "content-type": "application/json",
      "x-twilio-email-event-webhook-timestamp": "1600112502",
      "x-twilio-email-event-webhook-signature":
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
    },
    body: SENDGRID_BODY,
  },
  {
    title: "the reference libraries of Standard Webhooks",
    provider: "standard-webhooks",
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    at: 1_614_265_330,
    headers: {
      "content-type": "application/json",
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    body: '{"test": 2432232314}',
  },
  {
    title: "Svix's documentation, “Verifying manually”",
    provider: "svix",
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    at: 1_614_265_330,
    headers: {
      "content-type": "application/json",
      "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "svix-timestamp": "1614265330",
      "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    body: '{"test": 2432232314}',
  },
];

const hmac = (secret: string, text: string): ReturnType<typeof createHmac> =>
  createHmac("sha256", secret).update(text);

/** Made here with node:crypto by the vendor's description, where the vendor prints none. */
export const computedVectors: readonly Vector[] = [
  {
    title: "Stripe (no vector is printed; its own library judges another test)",
    provider: "stripe",
    secret: "whsec_test_secret",
    at: 1_614_265_330,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "stripe-signature": `t=1614265330,v1=${hmac("whsec_test_secret", '1614265330.{"id":"evt_1","type":"charge.failed"}').digest("hex")},v0=${"0".repeat(64)}`,
    },
    body: '{"id":"evt_1","type":"charge.failed"}',
  },
  {
    title: "Shopify (no vector is printed)",
    provider: "shopify",
    secret: "hush-hush-shopify",
    at: 1_700_000_000,
    headers: {
      "content-type": "application/json",
      "x-shopify-topic": "orders/create",
      "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
      "x-shopify-hmac-sha256": hmac("hush-hush-shopify", '{"id":820982911946154500}').digest(
        "base64",
      ),
    },
    body: '{"id":820982911946154500}',
  },
  {
    title: "HubSpot (no vector is printed)",
    provider: "hubspot",
    secret: "hubspot-client-secret",
    at: 1_614_265_330,
    url: "https://portico.test/in/hubspot?portal=1",
    headers: {
      "content-type": "application/json",
      "x-hubspot-request-timestamp": "1614265330000",
      "x-hubspot-signature-v3": hmac(
        "hubspot-client-secret",
        'POSThttps://portico.test/in/hubspot?portal=1[{"eventId":1}]1614265330000',
      ).digest("base64"),
    },
    body: '[{"eventId":1}]',
  },
  {
    title: "Discord (no vector is printed), with the first key of RFC 8032 §7.1",
    provider: "discord",
    secret: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    at: 1_614_265_330,
    headers: {
      "content-type": "application/json",
      "x-signature-timestamp": "1614265330",
      "x-signature-ed25519": signEd25519(
        '1614265330{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}',
      ),
    },
    body: '{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}',
  },
  {
    title: "Trello (no vector is printed)",
    provider: "trello",
    secret: "trello-secret",
    at: 1_700_000_000,
    url: "https://portico.test/in/trello",
    headers: {
      "content-type": "application/json",
      "x-trello-webhook": createHmac("sha1", "trello-secret")
        .update('{"action":{"id":"a1","type":"updateCard"}}https://portico.test/in/trello')
        .digest("base64"),
    },
    body: '{"action":{"id":"a1","type":"updateCard"}}',
  },
  {
    title: "Xero (no vector is printed)",
    provider: "xero",
    secret: "xero-signing-key",
    at: 1_700_000_000,
    headers: {
      "content-type": "application/json",
      "x-xero-signature": hmac("xero-signing-key", '{"events":[],"entropy":"S0m3"}').digest(
        "base64",
      ),
    },
    body: '{"events":[],"entropy":"S0m3"}',
  },
];

/** Signs with the first private key of RFC 8032 §7.1. */
function signEd25519(text: string): string {
  const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
  const key = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  return sign(null, Buffer.from(text), privateKey).toString("hex");
}
