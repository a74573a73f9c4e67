import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
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

describe("newSecret", () => {
  it("is whsec_ and 32 bytes, never the same twice", () => {
    const secret = newSecret(fillRandom);
    expect(Buffer.from(secret.replace("whsec_", ""), "base64")).toHaveLength(32);
    expect(newSecret(fillRandom)).not.toBe(secret);
  });
});
