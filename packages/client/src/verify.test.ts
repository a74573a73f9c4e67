import { Buffer } from "node:buffer";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import { WebhookError, webhookErrors } from "./errors.ts";
import { verify } from "./verify.ts";
import type { Delivered, VerifyOptions } from "./verify.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;
const AT = 1_614_265_330;
const BODY = '{"test": 2432232314}';
const HEADERS = {
  "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
  "webhook-timestamp": String(AT),
  "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const then: VerifyOptions = { now: () => AT * 1_000 };

function request(headers: Record<string, string> = HEADERS, body: string = BODY): Request {
  return new Request("https://example.com/hook", { method: "POST", headers, body });
}

async function code(
  given: Request | Delivered,
  secret: string | readonly string[] | undefined = SECRET,
  options: VerifyOptions = then,
): Promise<string> {
  try {
    await verify(given, secret, options);
    return "genuine";
  } catch (error) {
    return error instanceof WebhookError ? error.code : String(error);
  }
}

/** The vector's headers with some changed, or left out. */
function changed(change: Record<string, string | undefined>): Record<string, string> {
  const whole: Record<string, string | undefined> = { ...HEADERS, ...change };
  return Object.fromEntries(
    Object.entries(whole).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

describe("verify", () => {
  it("takes the vector of the reference libraries, as a Request and in parts", async () => {
    const event = await verify(request(), SECRET, then);
    expect(event).toEqual({
      id: HEADERS["webhook-id"],
      sentAt: new Date(AT * 1_000),
      type: null,
      timestamp: null,
      data: undefined,
      body: { test: 2_432_232_314 },
    });
    const names = { "Webhook-Id": HEADERS["webhook-id"], ...HEADERS, "webhook-id": undefined };
    for (const body of [BODY, Buffer.from(BODY), new TextEncoder().encode(BODY).buffer]) {
      expect(await code({ headers: names, body })).toBe("genuine");
      expect(await code({ headers: new Headers(HEADERS), body })).toBe("genuine");
    }
  });

  it("takes the vector of ed25519 by its public key, and not by that of another", async () => {
    const pair = Buffer.from(
      "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
      "base64",
    );
    const whpk = `whpk_${pair.subarray(32).toString("base64")}`;
    const signature =
      "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    const headers = changed({ "webhook-signature": `v1,AAAA ${signature}` });
    expect(await code(request(headers), whpk)).toBe("genuine");
    expect(await code(request(headers), `whpk_${pair.subarray(0, 32).toString("base64")}`)).toBe(
      "wrongSignature",
    );
    // The public key is public: as the secret of an HMAC it proves nothing.
    expect(await code(request(headers), SECRET)).toBe("wrongSignature");
    expect(await code(request(changed({ "webhook-signature": signature })))).toBe("noSignature");
  });

  it("takes any of several secrets and any of several signatures", async () => {
    const both = `v1,${Buffer.alloc(32).toString("base64")} v2,x ${HEADERS["webhook-signature"]}`;
    expect(await code(request(changed({ "webhook-signature": both })), [OTHER, SECRET])).toBe(
      "genuine",
    );
  });

  it.each([
    ["another body", HEADERS, `${BODY} `, "wrongSignature"],
    ["another id", changed({ "webhook-id": "msg_2" }), BODY, "wrongSignature"],
    ["another time", changed({ "webhook-timestamp": String(AT + 1) }), BODY, "wrongSignature"],
    ["no id", changed({ "webhook-id": undefined }), BODY, "missingHeader"],
    ["no time", changed({ "webhook-timestamp": undefined }), BODY, "missingHeader"],
    ["no signature", changed({ "webhook-signature": undefined }), BODY, "missingHeader"],
    ["an empty signature", changed({ "webhook-signature": "" }), BODY, "noSignature"],
    [
      "hex for base64",
      changed({ "webhook-signature": `v1,${"0".repeat(64)}` }),
      BODY,
      "wrongSignature",
    ],
    [
      "a signature without version",
      changed({ "webhook-signature": "g0hM9SsE" }),
      BODY,
      "noSignature",
    ],
    ["half a signature", changed({ "webhook-signature": "v1,g0hM9SsE" }), BODY, "wrongSignature"],
    ["a time that is none", changed({ "webhook-timestamp": "soon" }), BODY, "badTimestamp"],
    ["a time with an exponent", changed({ "webhook-timestamp": "1e9" }), BODY, "badTimestamp"],
    ["two times in one", changed({ "webhook-timestamp": `${AT}, ${AT}` }), BODY, "badTimestamp"],
  ])("refuses %s", async (_what, headers, body, expected) => {
    expect(await code(request(headers, body))).toBe(expected);
  });

  it("refuses what is older than five minutes, or from as far in the future, and not before", async () => {
    for (const [seconds, expected] of [
      [300, "genuine"],
      [-300, "genuine"],
      [300.001, "oldTimestamp"],
      [-300.001, "oldTimestamp"],
    ] as const) {
      const now = (): number => (AT + seconds) * 1_000;
      expect(await code(request(), SECRET, { now })).toBe(expected);
    }
    expect(await code(request(), SECRET, {})).toBe("oldTimestamp");
    expect(await code(request(), SECRET, { now: () => Number.NaN })).toBe("oldTimestamp");
  });

  it.each(["", "whsec_", "whsec_AAAA", "whsec_not base64", "whpk_AAAA", "short", "whsec_*"])(
    "refuses the secret %j, whatever was signed with it",
    async (secret) => {
      expect(await code(request(), secret)).toBe("badSecret");
      expect(await code(request(), [SECRET, secret])).toBe("badSecret");
    },
  );

  it("refuses to go on without a secret", async () => {
    expect(await code(request(), [])).toBe("badSecret");
    await expect(verify(request(), undefined, then)).rejects.toMatchObject({ code: "badSecret" });
  });

  it("says when the body was parsed or read already, came too large, or came twice over", async () => {
    const parsed = { headers: HEADERS, body: { test: 1 } } as unknown as Delivered;
    expect(await code(parsed)).toBe("parsedBody");
    const used = request();
    await used.text();
    expect(await code(used)).toBe("usedBody");
    expect(await code(request(), SECRET, { ...then, bodyBytesMax: 19 })).toBe("largeBody");
    const part = { headers: HEADERS, body: BODY };
    expect(await code(part, SECRET, { ...then, bodyBytesMax: 19 })).toBe("largeBody");
    const twice = { ...HEADERS, "webhook-signature": [HEADERS["webhook-signature"], "v1,x"] };
    expect(await code({ headers: twice, body: BODY })).toBe("repeatedHeader");
    expect(await code({ headers: { ...HEADERS, "Webhook-Id": "x" }, body: BODY })).toBe(
      "repeatedHeader",
    );
  });

  it("has a sentence for each code", () => {
    for (const text of Object.values(webhookErrors)) expect(text).toMatch(/^[A-Z].*\.$/);
  });
});

describe("what the libraries of others sign", () => {
  const bodies = [
    '{"type":"a.b","timestamp":"t","data":{"n":1}}',
    '{"text":"žluťoučký 🐎 ﷽"}',
    "{}",
  ];

  it.each([
    ["standardwebhooks", "webhook", new StandardWebhook(SECRET)],
    ["svix", "svix", new SvixWebhook(SECRET)],
  ] as const)("is genuine here: %s", async (_library, prefix, library) => {
    for (const body of bodies) {
      const at = new Date();
      const headers = {
        [`${prefix}-id`]: "msg_1",
        [`${prefix}-timestamp`]: String(Math.floor(at.getTime() / 1_000)),
        [`${prefix}-signature`]: library.sign("msg_1", at, body),
      };
      const event = await verify(request(headers, body), SECRET);
      expect(event.body).toEqual(JSON.parse(body));
      expect(await code(request(headers, body), OTHER, {})).toBe("wrongSignature");
      // They agree about what is not, as well.
      const webhookHeaders = { ...headers };
      expect(() => library.verify(`${body} `, webhookHeaders)).toThrow(/signature/i);
    }
  });

  it("is no event when it is no JSON, however well it is signed", async () => {
    const at = new Date();
    const signature = new StandardWebhook(SECRET).sign("msg_1", at, "not json");
    const headers = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": signature,
    };
    expect(await code(request(headers, "not json"), SECRET, {})).toBe("unreadableBody");
  });
});
