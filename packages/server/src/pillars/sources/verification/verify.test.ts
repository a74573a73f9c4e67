import { Buffer } from "node:buffer";
import { createHash, createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import Stripe from "stripe";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { findProvider, providerOf, providers } from "../providers/index.ts";
import type { Provider, Scheme } from "../providers/index.ts";
import { readMessage } from "./message.ts";
import { readSecret } from "./secret.ts";
import type { VerificationKey } from "./secret.ts";
import { computedVectors, vendorVectors } from "./vectors.fixture.ts";
import type { Vector } from "./vectors.fixture.ts";
import { verify } from "./verify.ts";

interface Sent {
  readonly provider: Provider;
  readonly secrets: readonly string[];
  readonly at: number;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
}

function provider(id: string): Provider {
  const found = findProvider(id);
  if (found === undefined) throw new TypeError(`no provider ${id}`);
  return found;
}

function sent(vector: Omit<Vector, "title" | "provider"> & { readonly provider: Provider }): Sent {
  return {
    provider: vector.provider,
    secrets: [vector.secret],
    at: vector.at,
    url: vector.url ?? "https://portico.test/in/a",
    rawHeaders: Object.entries(vector.headers).flat(),
    body: Buffer.from(vector.body),
  };
}

/** The key as it is, however short: vendors' examples have secrets that a source would not take. */
function keyOf(secret: string, form: Provider["secret"]): VerificationKey {
  const read = readSecret(secret, form);
  return read.ok ? read.value : { kind: "hmac", bytes: Buffer.from(secret) };
}

function outcome({ provider, secrets, at, url, rawHeaders, body }: Sent, nowMs?: number): string {
  const keys = secrets.map((secret) => keyOf(secret, provider.secret));
  const message = readMessage({ rawHeaders, body, url });
  const verdict = verify(message, { provider, keys, nowMs: nowMs ?? at * 1_000 });
  return verdict.ok ? "genuine" : verdict.reason;
}

const all = [...vendorVectors, ...computedVectors].map((vector) => ({
  ...sent({ ...vector, provider: provider(vector.provider) }),
  title: vector.title,
}));

/** The same message with another value of a header, or without it. */
function withHeader(message: Sent, name: string, value: string | undefined): Sent {
  const pairs = message.rawHeaders.flatMap((text, index, headers) =>
    index % 2 === 0 ? [[text, headers[index + 1] ?? ""] as const] : [],
  );
  const changed = pairs.filter(([each]) => each !== name);
  if (value !== undefined) changed.push([name, value]);
  return { ...message, rawHeaders: changed.flat() };
}

function header(message: Sent, name: string): string {
  return message.rawHeaders[message.rawHeaders.indexOf(name) + 1] ?? "";
}

describe.each(all)("$provider.name: $title", (message) => {
  const { signature, timestampHeader, toleranceMs } = message.provider;
  const name = signature.header;

  it("is genuine", () => {
    expect(outcome(message)).toBe("genuine");
  });

  it("is not with one bit of its body changed", () => {
    const body = Buffer.from(message.body);
    body[body.length - 3] = (body[body.length - 3] ?? 0) ^ 1;
    expect(outcome({ ...message, body })).toBe("wrongSignature");
  });

  it("is not by another secret, by an empty one, or by none", () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const other = {
      text: "another-secret",
      whsec: `whsec_${Buffer.alloc(24, 7).toString("base64")}`,
      spki: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
      // The second key of RFC 8032 §7.1.
      ed25519: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    }[message.provider.secret];
    expect(outcome({ ...message, secrets: [other] })).toBe("wrongSignature");
    expect(outcome({ ...message, secrets: [""] })).toBe("wrongSignature");
    expect(outcome({ ...message, secrets: [] })).toBe("noSecret");
    expect(outcome({ ...message, secrets: [other, ...message.secrets] })).toBe("genuine");
  });

  it("is not without its signature, and not with two", () => {
    const value = header(message, name);
    expect(outcome(withHeader(message, name, undefined))).toBe("missingHeader");
    expect(outcome(withHeader(message, name, " "))).toBe("missingHeader");
    const rawHeaders = [...message.rawHeaders, name.toUpperCase(), value];
    expect(outcome({ ...message, rawHeaders })).toBe("repeatedHeader");
  });

  it.each(["", "null", "=", "sha256=", "v1,", "v0=", "t=1,v1=", "\u00ff\u00ff", "0".repeat(200)])(
    "takes no signature from %j",
    (junk) => {
      const refused = outcome(withHeader(message, name, junk));
      expect(["missingHeader", "unreadableSignature"]).toContain(refused);
    },
  );

  it("takes no signature in another encoding, cut short, or made longer", () => {
    const value = header(message, name);
    const other = signature.encoding === "hex" ? "base64" : "hex";
    const digest =
      (signature.encoding === "hex" ? /[0-9a-f]{64}/ : /[A-Za-z0-9+/]{27,}=*/).exec(value)?.[0] ??
      "";
    const changed = [
      Buffer.from(digest, signature.encoding).toString(other),
      digest.slice(0, -4),
      `${digest}00==`,
    ];
    for (const text of changed) {
      const refused = outcome(withHeader(message, name, value.replace(digest, text)));
      expect(["wrongSignature", "unreadableSignature"], text).toContain(refused);
    }
  });

  it("is old after its tolerance, in either direction, and never before", () => {
    const sentAt = message.at * 1_000;
    // Without a signed time there is nothing to be old by.
    const [tolerance, later] =
      toleranceMs === undefined ? [sentAt, "genuine"] : [toleranceMs, "oldTimestamp"];
    expect(outcome(message, sentAt + tolerance)).toBe("genuine");
    expect(outcome(message, sentAt - tolerance)).toBe("genuine");
    expect(outcome(message, sentAt + tolerance + 1)).toBe(later);
    expect(outcome(message, sentAt - tolerance - 1)).toBe(later);
  });

  it("is not with another time than the signed one", () => {
    if (timestampHeader === undefined) return;
    for (const time of [String(message.at + 1), ` ${message.at}`.padEnd(15, "0"), "NaN", "1e9"]) {
      expect(outcome(withHeader(message, timestampHeader, time)), time).toBe("wrongSignature");
    }
    expect(outcome(withHeader(message, timestampHeader, undefined))).toBe("missingHeader");
    const again = header(message, timestampHeader);
    const rawHeaders = [...message.rawHeaders, timestampHeader, again];
    expect(outcome({ ...message, rawHeaders })).toBe("repeatedHeader");
  });
});

it("has a vector of every provider", () => {
  expect(new Set(all.map((message) => message.provider.id))).toEqual(
    new Set(providers.map(({ id }) => id)),
  );
});

describe("the vendors' own libraries sign what is genuine here", () => {
  const at = 1_700_000_000;
  const body = '{"id":"evt_1","type":"a.b","text":"žluťoučký 🐎 ﷽"}';
  const secret = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;

  it("stripe", () => {
    const value = Stripe.webhooks.generateTestHeaderString({
      payload: body,
      secret,
      timestamp: at,
    });
    const headers = { "stripe-signature": value };
    expect(outcome(sent({ provider: provider("stripe"), secret, at, headers, body }))).toBe(
      "genuine",
    );
  });

  it("standardwebhooks and svix", () => {
    for (const [id, prefix, sign] of [
      ["standard-webhooks", "webhook", new StandardWebhook(secret)],
      ["svix", "svix", new SvixWebhook(secret)],
    ] as const) {
      const headers = {
        [`${prefix}-id`]: "msg_1",
        [`${prefix}-timestamp`]: String(at),
        [`${prefix}-signature`]: sign.sign("msg_1", new Date(at * 1_000), body),
      };
      expect(outcome(sent({ provider: provider(id), secret, at, headers, body }))).toBe("genuine");
    }
  });
});

describe("what is particular to one scheme", () => {
  it("takes bodies that are no UTF-8 as the bytes they are", () => {
    const body = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    const value = createHmac("sha256", "a secret of GitHub").update(body).digest("hex");
    const message = {
      ...sent({
        provider: provider("github"),
        secret: "a secret of GitHub",
        at: 0,
        headers: { "x-hub-signature-256": `sha256=${value}` },
        body: "",
      }),
      body,
    };
    expect(outcome(message)).toBe("genuine");
    // As text it would have been four times U+FFFD, or less.
    expect(outcome({ ...message, body: Buffer.from(body.toString()) })).toBe("wrongSignature");
  });

  it("ignores signatures of other versions beside the right one, and takes none of them alone", () => {
    const [stripe] = all.filter((message) => message.provider.id === "stripe");
    if (stripe === undefined) throw new TypeError("no vector of Stripe");
    const value = header(stripe, "stripe-signature");
    const digest = /v1=([0-9a-f]{64})/.exec(value)?.[1] ?? "";
    const refused = withHeader(stripe, "stripe-signature", `t=${stripe.at},v0=${digest}`);
    expect(outcome(refused)).toBe("unreadableSignature");
    const two = `t=${stripe.at},v1=${"0".repeat(64)},v1=${digest}`;
    expect(outcome(withHeader(stripe, "stripe-signature", two))).toBe("genuine");
    const twoTimes = `t=${stripe.at},t=${stripe.at},v1=${digest}`;
    expect(outcome(withHeader(stripe, "stripe-signature", twoTimes))).toBe("unreadableSignature");
  });

  it("looks at ten signatures of a header and no more", () => {
    const [stripe] = all.filter((message) => message.provider.id === "stripe");
    if (stripe === undefined) throw new TypeError("no vector of Stripe");
    const value = header(stripe, "stripe-signature");
    const wrong = `v1=${"0".repeat(64)},`.repeat(10);
    const many = withHeader(stripe, "stripe-signature", `${wrong}${value}`);
    expect(outcome(many)).toBe("wrongSignature");
  });

  it("never takes a public key for the secret of an HMAC", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const secret = publicKey.export({ format: "der", type: "spki" }).toString("base64");
    const signed = (signature: string): string =>
      outcome(
        sent({
          provider: provider("sendgrid"),
          secret,
          at: 1_700_000_000,
          headers: {
            "x-twilio-email-event-webhook-timestamp": "1700000000",
            "x-twilio-email-event-webhook-signature": signature,
          },
          body: "[]",
        }),
      );
    const genuine = createSign("sha256").update("1700000000[]").sign(privateKey, "base64");
    expect(signed(genuine)).toBe("genuine");
    for (const key of [secret, Buffer.from(secret, "base64")]) {
      expect(signed(createHmac("sha256", key).update("1700000000[]").digest("base64"))).toBe(
        "wrongSignature",
      );
    }
  });

  it("refuses a body that Twilio's signature does not cover", () => {
    const [form] = all.filter((message) => message.provider.id === "twilio");
    if (form === undefined) throw new TypeError("no vector of Twilio");
    const url = "https://mycompany.com/hook";
    const value = createHmac("sha1", "12345").update(url).digest("base64");
    const json = {
      ...withHeader(
        withHeader(form, "x-twilio-signature", value),
        "content-type",
        "application/json",
      ),
      url,
    };
    // The signature is that of the address with an empty form.
    expect(outcome({ ...json, body: Buffer.from('{"evil":true}') })).toBe("unsignedBody");
    expect(outcome({ ...json, body: Buffer.alloc(0) })).toBe("genuine");
    const escaped = withHeader(json, "content-type", "application/x-www-form-urlencoded");
    expect(outcome({ ...escaped, body: Buffer.from("a=%ff") })).toBe("unsignedBody");
  });

  it("refuses a form of tens of thousands of names as fast as any other", () => {
    const [form] = all.filter((message) => message.provider.id === "twilio");
    if (form === undefined) throw new TypeError("no vector of Twilio");
    const names = Array.from({ length: 60_000 }, (_, index) => index.toString(36));
    const startedAt = performance.now();
    expect(outcome({ ...form, body: Buffer.from(names.join("&")) })).toBe("wrongSignature");
    // Five seconds when each name is searched for among all.
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it("takes a JSON body whose hash is in the signed address, and no other body", () => {
    const body = Buffer.from('{"CallSid":"CA1"}');
    const sum = createHash("sha256").update(body).digest("hex");
    const url = `https://mycompany.com/hook?bodySHA256=${sum}`;
    const value = createHmac("sha1", "12345").update(url).digest("base64");
    const message = {
      ...sent({
        provider: provider("twilio"),
        secret: "12345",
        at: 0,
        url,
        headers: { "content-type": "application/json", "x-twilio-signature": value },
        body: "",
      }),
      body,
    };
    expect(outcome(message)).toBe("genuine");
    expect(outcome({ ...message, body: Buffer.from('{"CallSid":"CA2"}') })).toBe("unsignedBody");
  });
});

describe("a scheme that the source describes", () => {
  const scheme: Scheme = {
    signatureHeader: "X-Acme-Signature",
    algorithm: "hmac-sha512",
    encoding: "base64",
    prefix: "mac ",
    content: "{id}|{timestamp}|{url}|{body}",
    timestampHeader: "X-Acme-Time",
    idHeader: "X-Acme-Id",
  };

  it("is verified as described", () => {
    const read = providerOf(scheme);
    if (!read.ok) throw new TypeError(read.reason);
    const url = "https://portico.test/in/acme?x=1";
    const text = `m1|1700000000|${url}|body`;
    const value = createHmac("sha512", "acme-secret").update(text).digest("base64");
    const message = sent({
      provider: read.value,
      secret: "acme-secret",
      at: 1_700_000_000,
      url,
      headers: {
        "x-acme-signature": `mac ${value}`,
        "x-acme-time": "1700000000",
        "x-acme-id": "m1",
      },
      body: "body",
    });
    expect(outcome(message)).toBe("genuine");
    expect(outcome({ ...message, url: `${url}2` })).toBe("wrongSignature");
    expect(outcome(withHeader(message, "x-acme-id", "m2"))).toBe("wrongSignature");
  });

  it.each([
    [{ content: "{timestamp}", timestampHeader: "X-T" }, "{body}"],
    [{ content: "{body}{secret}" }, "{secret}"],
    [{ content: "{timestamp}.{body}" }, "timestampHeader"],
    [{ content: "{body}", timestampHeader: "X-T" }, "timestampHeader"],
    [{ content: "{id}.{body}" }, "idHeader"],
  ])("is refused where it would prove nothing: %j", (part, named) => {
    const read = providerOf({ signatureHeader: "X-S", ...part });
    expect(read).toMatchObject({ ok: false, reason: expect.stringContaining(named) as string });
  });
});

describe("a secret", () => {
  it("is refused beyond a kilobyte", () => {
    expect(readSecret("x".repeat(1_024), "text").ok).toBe(true);
    expect(readSecret("x".repeat(1_025), "text").ok).toBe(false);
  });

  it("of the form spki is refused when it is a key of another kind or curve", () => {
    for (const { publicKey } of [
      generateKeyPairSync("rsa", { modulusLength: 2_048 }),
      generateKeyPairSync("ec", { namedCurve: "P-384" }),
      generateKeyPairSync("ed25519"),
    ]) {
      const spki = publicKey.export({ format: "der", type: "spki" }).toString("base64");
      expect(readSecret(spki, "spki").ok).toBe(false);
    }
  });

  it.each([
    ["text", ""],
    ["text", "short"],
    ["text", "with a line break\n"],
    ["text", " ".repeat(20)],
    ["whsec", "whsec_"],
    ["whsec", "whsec_AAAA"],
    ["whsec", "whsec_not base64 at all!!"],
    ["whsec", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw="],
    ["ed25519", "d75a"],
    ["ed25519", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511z"],
    ["spki", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    ["spki", Buffer.from("not a key").toString("base64")],
  ] as const)("of the form %s is refused when it is %j", (form, secret) => {
    expect(readSecret(secret, form).ok).toBe(false);
  });
});
