import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import { signingKey, signingKeys } from "./asymmetric.ts";
import { newSecret, signature } from "./sign.ts";

const fillRandom = (bytes: Uint8Array): void => void randomFillSync(bytes);

describe("signature", () => {
  it("equals the published vector", () => {
    const signed = {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestamp: 1_614_265_330,
      body: Buffer.from('{"test": 2432232314}'),
    };
    expect(signature(signed, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
  });

  it("is accepted by the standardwebhooks library under a new secret, over any text", () => {
    const secret = newSecret(fillRandom);
    const body = Buffer.from('{"data":"Dydd da, 你好, שלום, 🦊","n":1.0}');
    const timestamp = Math.floor(Date.now() / 1_000);
    const headers = {
      "webhook-id": "evt_1",
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signature({ id: "evt_1", timestamp, body }, [secret]),
    };
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body.toString()));
    expect(() => new Webhook(newSecret(fillRandom)).verify(body, headers)).toThrow(
      "No matching signature found",
    );
    expect(() => new Webhook(secret).verify(`${body.toString()} `, headers)).toThrow(
      "No matching signature found",
    );
  });

  it("carries one signature for each secret, either of which verifies", () => {
    const secrets = [newSecret(fillRandom), newSecret(fillRandom)];
    const body = Buffer.from("{}");
    const timestamp = Math.floor(Date.now() / 1_000);
    const headers = {
      "webhook-id": "evt_1",
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signature({ id: "evt_1", timestamp, body }, secrets),
    };
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual({});
  });
});

describe("v1a", () => {
  // Of svix' worker.rs: 32 bytes of seed, then the public key.
  const whsk =
    "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
  const seed = Buffer.from(whsk, "base64").subarray(0, 32);
  const signed = {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1_614_265_330,
    body: Buffer.from('{"test": 2432232314}'),
  };

  it("equals the published vector, and its public key is the published one", () => {
    const key = signingKey(seed);
    const value = signature(signed, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], key);
    expect(value.split(" ")).toEqual([
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
      "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
    ]);
    const x = Buffer.from(key.publicKey.x, "base64url");
    expect(x).toEqual(Buffer.from(whsk, "base64").subarray(32));
  });

  it("is verified by a receiver that has only the public key as a JWK", async () => {
    const keys = signingKeys({ derive: () => new Uint8Array(32).fill(7) });
    const { publicKey } = keys("one");
    const value = signature(signed, [newSecret(fillRandom)], keys("one")).split("v1a,")[1] ?? "";
    const imported = await crypto.subtle.importKey(
      "jwk",
      { kty: publicKey.kty, crv: publicKey.crv, x: publicKey.x },
      "Ed25519",
      false,
      ["verify"],
    );
    const content = new TextEncoder().encode(
      `${signed.id}.${signed.timestamp}.${signed.body.toString()}`,
    );
    const verify = (bytes: Uint8Array<ArrayBuffer>): Promise<boolean> =>
      crypto.subtle.verify("Ed25519", imported, Buffer.from(value, "base64"), bytes);
    expect(await verify(content)).toBe(true);
    expect(await verify(content.slice(1))).toBe(false);
  });

  it("has another key for each organization, the same in every process", () => {
    const secrets = { derive: () => new Uint8Array(32).fill(7) };
    const one = signingKeys(secrets)("one").publicKey;
    expect(signingKeys(secrets)("one").publicKey).toEqual(one);
    expect(signingKeys(secrets)("two").publicKey.x).not.toBe(one.x);
  });

  it("does not disturb receivers that know only v1: standardwebhooks and svix", () => {
    const secret = newSecret(fillRandom);
    const timestamp = Math.floor(Date.now() / 1_000);
    const body = Buffer.from('{"n":1}');
    const value = signature({ id: "evt_1", timestamp, body }, [secret], signingKey(seed));
    const headers = {
      "webhook-id": "evt_1",
      "webhook-timestamp": String(timestamp),
      "webhook-signature": value,
    };
    expect(new Webhook(secret).verify(body, headers)).toEqual({ n: 1 });
    expect(() => new SvixWebhook(secret).verify(body, headers)).not.toThrow();
  });
});

describe("both libraries", () => {
  it("accept any text under any number of live secrets, and no altered byte (property)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 4 }), (sent, many) => {
        const secrets = Array.from({ length: many }, () => newSecret(fillRandom));
        const body = Buffer.from(JSON.stringify({ sent }));
        const timestamp = Math.floor(Date.now() / 1_000);
        const headers = {
          "webhook-id": "evt_1",
          "webhook-timestamp": String(timestamp),
          "webhook-signature": signature({ id: "evt_1", timestamp, body }, secrets),
        };
        for (const secret of secrets) {
          expect(new Webhook(secret).verify(body, headers)).toEqual({ sent });
          expect(() => new SvixWebhook(secret).verify(body, headers)).not.toThrow();
        }
        const altered = Buffer.concat([body, Buffer.from(" ")]);
        expect(() => new SvixWebhook(secrets[0] ?? "").verify(altered, headers)).toThrow(
          "No matching signature found",
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe("newSecret", () => {
  it("is whsec_ and 32 bytes, never the same twice", () => {
    const secret = newSecret(fillRandom);
    expect(Buffer.from(secret.replace("whsec_", ""), "base64")).toHaveLength(32);
    expect(newSecret(fillRandom)).not.toBe(secret);
  });
});
