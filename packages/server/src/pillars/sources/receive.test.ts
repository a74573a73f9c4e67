import { Buffer } from "node:buffer";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { describeStore, fakeClock } from "portico/testing";
import type { TestApp } from "portico/testing";
import {
  code,
  create,
  fromGithub,
  fromSlack,
  fromStripe,
  messagesOf,
  openSources,
  post,
  SECRET,
} from "./senders.fixture.ts";

const NOW = Date.UTC(2026, 0, 1);

/** Of what came in. On PostgreSQL an event has its place a moment after its commit. */
async function typesOf(app: TestApp, organization = "default"): Promise<readonly string[]> {
  if (app.spine.hub.driver.dialect === "postgres") await app.settled();
  const events = await app.spine.log.page({ organization, limit: 1_000, order: "oldest" });
  return events.map(({ type }) => type).filter((type) => !type.startsWith("source."));
}

describeStore("POST /in/{source}", (open) => {
  it("202: makes one event of a genuine message, with its very bytes, on the thread of its request", async () => {
    await using database = await open();
    await using app = await openSources({ driver: database.driver });
    const { id } = await create(app, { provider: "stripe" });
    const body = '{ "id":"evt_1", "type":"invoice.paid", "total": 1.0, "n": 12345678901234567890 }';
    const sent = fromStripe(body, { at: Date.now() });
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
    const reply = await post(app, id, { body, headers: { ...sent.headers, traceparent } });
    expect([reply.status, reply.text]).toEqual([202, reply.text]);
    const { id: message, status } = reply.json() as { id: string; status: string };
    expect(status).toBe("accepted");
    await app.settled();
    const [event] = await app.spine.log.page({
      organization: "default",
      types: ["stripe.*"],
      limit: 10,
    });
    expect(event).toMatchObject({
      type: "stripe.invoice.paid",
      contentType: "application/json",
      subject: message,
      cause: message,
      actor: id,
      trace,
    });
    expect(Buffer.from(event?.data ?? []).toString()).toBe(body);
    const [listed] = await messagesOf(app, id);
    expect(listed).toMatchObject({
      id: message,
      state: "accepted",
      externalId: "evt_1",
      event: event?.id,
      reason: null,
    });
    const whole = await app.as().get(`/sources/messages/${message}`);
    expect(whole.json()).toMatchObject({ body, bodyEncoding: "utf-8" });
  });

  it("200: knows a message that comes again by its sender's id, and makes no second event", async () => {
    await using database = await open();
    await using app = await openSources({ driver: database.driver });
    const { id } = await create(app, { provider: "github" });
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => post(app, id, fromGithub('{"n":1}'))),
    );
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 7 }, () => 200),
      202,
    ]);
    const ids = new Set(replies.map((reply) => (reply.json() as { id: string }).id));
    expect(ids.size).toBe(1);
    expect((await post(app, id, fromGithub('{"n":1}', { id: "delivery-2" }))).status).toBe(202);
    expect(await typesOf(app)).toEqual(["github.push", "github.push"]);
  });

  it("two sources, and two organizations, may have messages of one id", async () => {
    await using database = await open();
    await using app = await openSources({ driver: database.driver });
    const made = [
      await create(app, { provider: "github" }),
      await create(app, { provider: "github", eventPrefix: "code" }),
      await create(app, { provider: "github" }, "other"),
    ];
    for (const { id } of made) expect((await post(app, id, fromGithub("{}"))).status).toBe(202);
    expect(await typesOf(app)).toEqual(["github.push", "code.push"]);
    expect(await typesOf(app, "other")).toEqual(["github.push"]);
  });

  it("401: quarantines a wrong signature where its owner sees it, and an id there takes nothing from the right one", async () => {
    await using database = await open();
    await using app = await openSources({ driver: database.driver });
    const { id } = await create(app, { provider: "github" });
    const forged = await post(app, id, fromGithub('{"evil":1}', { secret: "another-secret" }));
    expect([forged.status, code(forged)]).toEqual([401, "sources.refused"]);
    const [listed] = await messagesOf(app, id);
    expect(listed).toMatchObject({
      state: "quarantined",
      reason: "wrongSignature",
      externalId: "delivery-1",
      event: null,
    });
    const whole = await app.as().get(`/sources/messages/${listed?.id}`);
    expect(whole.json()).toMatchObject({ body: '{"evil":1}' });
    expect(await typesOf(app)).toEqual([]);
    // The forger had guessed the id of what was to come.
    expect((await post(app, id, fromGithub('{"n":1}'))).status).toBe(202);
    expect(await typesOf(app)).toEqual(["github.push"]);
  });

  it("takes either secret while they change, and the old one no longer when its time is over", async () => {
    await using database = await open();
    const clock = fakeClock(NOW);
    await using app = await openSources({ driver: database.driver, clock });
    const { id } = await create(app, { provider: "stripe" });
    const rotated = await app
      .as()
      .post(`/sources/${id}/rotate-secret`, { secret: "the-next-secret", overlapSeconds: 60 });
    expect(rotated.status).toBe(200);
    expect(rotated.json()).toMatchObject({
      secret: null,
      secrets: [{ until: "2026-01-01T00:01:00.000Z" }, { until: null }],
    });
    await clock.advance(1_000);
    const send = (n: number, secret: string): ReturnType<typeof post> =>
      post(app, id, fromStripe(`{"id":"evt_${n}"}`, { at: clock.now(), secret }));
    expect((await send(1, SECRET)).status).toBe(202);
    expect((await send(2, "the-next-secret")).status).toBe(202);
    await clock.advance(60_000);
    expect((await send(3, SECRET)).status).toBe(401);
    expect((await send(4, "the-next-secret")).status).toBe(202);
    expect(rotated.text).not.toContain("the-next-secret");
  });
});

describe("POST /in/{source}", () => {
  it("404: a source that there is not, a deleted one, and another organization's slug", async () => {
    await using app = await openSources();
    const { id } = await create(app, { provider: "github", slug: "code" });
    await create(app, { provider: "github", slug: "hidden" }, "other");
    expect((await post(app, "code", fromGithub("{}"))).status).toBe(202);
    for (const name of ["nothing", "hidden", "source_01jd3v9k2me8r8v0c2m4t6x8z0", "a%2Fb"]) {
      expect((await post(app, name, fromGithub("{}"))).status, name).toBe(404);
    }
    await app.as().delete(`/sources/${id}`);
    const gone = await post(app, "code", fromGithub("{}", { id: "delivery-2" }));
    expect([gone.status, code(gone)]).toEqual([404, "sources.notFound"]);
  });

  it("405: takes nothing but POST, and HEAD where the sender asks whether the address is there", async () => {
    await using app = await openSources();
    const { id } = await create(app, { provider: "github" });
    for (const method of ["GET", "PUT", "DELETE", "HEAD"]) {
      expect((await app.inject({ method, url: `/in/${id}` })).status).toBe(405);
    }
    const trello = await create(app, { provider: "trello" });
    const probe = { method: "HEAD", url: `/in/${trello.id}` };
    expect((await app.inject(probe)).status).toBe(200);
    expect(await messagesOf(app, trello.id)).toEqual([]);
    await app.as().delete(`/sources/${trello.id}`);
    expect((await app.inject(probe)).status).toBe(404);
  });

  it("413: keeps nothing of what is too large", async () => {
    await using app = await openSources({ settings: { sources: { bodyBytesMax: 2_048 } } });
    const { id } = await create(app, { provider: "github" });
    const large = await post(app, id, fromGithub("x".repeat(2_049)));
    expect([large.status, code(large)]).toEqual([413, "request.bodyTooLarge"]);
    expect((await post(app, id, fromGithub("x".repeat(2_048)))).status).toBe(202);
    expect(await messagesOf(app, id)).toHaveLength(1);
  });

  it("429: keeps ten refused messages of one source in a second, and so many at all, and says so", async () => {
    const clock = fakeClock(NOW);
    const settings = { sources: { quarantinePerSecond: 10, quarantineMax: 15 } };
    await using app = await openSources({ clock, settings });
    const { id } = await create(app, { provider: "github" });
    const forge = async (): Promise<number> =>
      (await post(app, id, fromGithub("{}", { secret: "another-secret" }))).status;
    const many = async (count: number): Promise<readonly number[]> =>
      await Promise.all(Array.from({ length: count }, forge));
    const first = await many(12);
    expect(first.filter((status) => status === 401)).toHaveLength(10);
    expect(first.filter((status) => status === 429)).toHaveLength(2);
    await clock.advance(1_000);
    const second = await many(12);
    expect(second.filter((status) => status === 401)).toHaveLength(5);
    expect(await messagesOf(app, id)).toHaveLength(15);
    // What is genuine has its place all the same.
    expect((await post(app, id, fromGithub("{}", { id: "genuine" }))).status).toBe(202);
    const [, refused] = await messagesOf(app, id);
    await app.as().post(`/sources/messages/${refused?.id}/release`);
    await clock.advance(1_000);
    expect(await many(2)).toEqual(expect.arrayContaining([401, 429]));
  });

  it("503: a source that is switched off says so, and keeps nothing", async () => {
    await using app = await openSources();
    const { id } = await create(app, { provider: "github", active: false });
    const reply = await post(app, id, fromGithub("{}"));
    expect([reply.status, code(reply)]).toEqual([503, "sources.inactive"]);
    expect(await messagesOf(app, id)).toEqual([]);
  });

  it("keeps everything in quarantine while the sender's secret is not known", async () => {
    await using app = await openSources();
    const made = await app.as().post("/sources", { provider: "stripe" });
    const { id } = made.json() as { id: string };
    const sent = fromStripe('{"id":"evt_1","type":"a"}', { at: Date.now() });
    expect((await post(app, id, sent)).status).toBe(401);
    expect(await messagesOf(app, id)).toMatchObject([{ reason: "noSecret" }]);
    await app.as().post(`/sources/${id}/rotate-secret`, { secret: SECRET });
    expect((await post(app, id, sent)).status).toBe(202);
  });

  it.each([
    ["no JSON at all", "application/json", '1,"type":"evil"', "application/octet-stream"],
    ["a key twice", "application/json", '{"a":1,"a":2}', "application/octet-stream"],
    ["no UTF-8", "application/json", Buffer.from([0x22, 0xff, 0x22]), "application/octet-stream"],
    ["a byte order mark", "application/json", "\u{feff}{}", "application/octet-stream"],
    [
      "JSON of another kind",
      "Application/CloudEvents+JSON; charset=utf-8",
      "{}",
      "application/cloudevents+json",
    ],
    ["a form", "application/x-www-form-urlencoded", "a=1", "application/x-www-form-urlencoded"],
    ["XML", "text/xml; charset=utf-8", "<a/>", "text/xml; charset=utf-8"],
    ["a type that is none", "a\u00e9", "{}", "application/octet-stream"],
    ["nothing", "application/json", "", "application/octet-stream"],
  ])(
    "keeps the bytes of a body that is %s, and calls JSON only what is",
    async (_what, type, body, kept) => {
      await using app = await openSources();
      const { id } = await create(app, { provider: "github" });
      const reply = await post(app, id, fromGithub(body, { "content-type": type }));
      expect(reply.status).toBe(202);
      const [event] = await app.spine.log.page({
        organization: "default",
        types: ["github.*"],
        limit: 1,
      });
      expect(event?.contentType).toBe(kept);
      expect(Buffer.from(event?.data ?? [])).toEqual(Buffer.from(body));
    },
  );

  it("keeps a compressed body as the bytes it is", async () => {
    await using app = await openSources();
    const { id } = await create(app, { provider: "github" });
    await post(app, id, fromGithub("{}", { "content-encoding": "gzip" }));
    const [event] = await app.spine.log.page({
      organization: "default",
      types: ["github.*"],
      limit: 1,
    });
    expect(event?.contentType).toBe("application/octet-stream");
  });

  it("quarantines what would become an event that only Portico emits, whatever its sender signed", async () => {
    await using app = await openSources();
    const refused = await app.as().post("/sources", { provider: "stripe", eventPrefix: "source" });
    expect([refused.status, code(refused)]).toEqual([422, "sources.reservedPrefix"]);
  });

  it("hides credentials among the headers of a message", async () => {
    await using app = await openSources();
    const { id } = await create(app, { provider: "github" });
    const sent = fromGithub("{}", { authorization: "Bearer canary-token-1", cookie: "canary-2" });
    const reply = await post(app, id, sent);
    const { id: message } = reply.json() as { id: string };
    const { text } = await app.as().get(`/sources/messages/${message}`);
    expect(text).toContain("x-github-delivery");
    expect(text).not.toContain("canary");
  });

  it("is no way to act as somebody: credentials that are sent along are not looked at", async () => {
    await using app = await openSources();
    const { id } = await create(app, { provider: "github" }, "other");
    const sent = fromGithub("{}", app.as({ permissions: ["*"] }).headers);
    expect((await post(app, id, sent)).status).toBe(202);
    expect(await typesOf(app)).toEqual([]);
    expect(await typesOf(app, "other")).toEqual(["github.push"]);
  });
});

describe("a replay", () => {
  it("of a message whose time is signed is refused when it is old, and repeated until then", async () => {
    const clock = fakeClock(NOW);
    await using app = await openSources({ clock });
    const { id } = await create(app, { provider: "stripe" });
    const sent = fromStripe('{"id":"evt_1"}', { at: NOW });
    expect((await post(app, id, sent)).status).toBe(202);
    expect((await post(app, id, sent)).status).toBe(200);
    await clock.advance(301_000);
    expect((await post(app, id, sent)).status).toBe(401);
    expect(await messagesOf(app, id)).toMatchObject([
      { state: "quarantined", reason: "oldTimestamp" },
      { state: "accepted" },
    ]);
  });

  it("of a message without an id is known by its signed bytes, however the signature is written", async () => {
    await using app = await openSources({ clock: fakeClock(NOW) });
    const { id } = await create(app, { provider: "stripe" });
    const sent = fromStripe('{"no":"id"}', { at: NOW });
    expect((await post(app, id, sent)).status).toBe(202);
    const value = sent.headers["stripe-signature"] ?? "";
    const again = { ...sent.headers, "stripe-signature": `${value},v1=${"0".repeat(64)}` };
    expect((await post(app, id, { body: sent.body, headers: again })).status).toBe(200);
    const later = fromStripe('{"no":"id"}', { at: NOW + 1_000 });
    expect((await post(app, id, later)).status).toBe(202);
  });
});

describe("a handshake", () => {
  const question = '{"type":"url_verification","challenge":"3eZbrw1aBm2rZgRNFdxV2595"}';

  it("is answered when its signature is right, and is no event", async () => {
    await using app = await openSources({ clock: fakeClock(NOW) });
    const { id } = await create(app, { provider: "slack" });
    const reply = await post(app, id, fromSlack(question, NOW));
    expect([reply.status, reply.text]).toEqual([200, "3eZbrw1aBm2rZgRNFdxV2595"]);
    expect(reply.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(await messagesOf(app, id)).toEqual([]);
    expect(await typesOf(app)).toEqual([]);
  });

  it("is refused when its signature is wrong", async () => {
    await using app = await openSources({ clock: fakeClock(NOW) });
    const { id } = await create(app, { provider: "slack" });
    const reply = await post(app, id, { ...fromSlack(question, NOW), body: `${question} ` });
    expect(reply.status).toBe(401);
    expect(reply.text).not.toContain("3eZbrw1aBm2rZgRNFdxV2595");
  });

  it("of Discord is answered 204 when it is signed rightly, and 401 when it is not", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const secret = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
    await using app = await openSources({ clock: fakeClock(NOW) });
    const { id } = await create(app, { provider: "discord", secret });
    const ping = (signed: string): ReturnType<typeof post> =>
      post(app, id, {
        body: '{"type":0}',
        headers: {
          "content-type": "application/json",
          "x-signature-timestamp": String(NOW / 1_000),
          "x-signature-ed25519": sign(null, Buffer.from(signed), privateKey).toString("hex"),
        },
      });
    expect((await ping(`${NOW / 1_000}{"type":0}`)).status).toBe(204);
    expect((await ping(`${NOW / 1_000}{"type":1}`)).status).toBe(401);
  });

  it("of Xero gets no body for a right signature, and none for a wrong one", async () => {
    await using app = await openSources();
    const { id } = await create(app, { provider: "xero" });
    const body = '{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3"}';
    const intent = (secret: string): ReturnType<typeof post> => {
      const signature = createHmac("sha256", secret).update(body).digest("base64");
      return post(app, id, { body, headers: { "x-xero-signature": signature } });
    };
    const [right, wrong] = [await intent(SECRET), await intent("another-secret")];
    expect([right.status, right.text, wrong.status, wrong.text]).toEqual([200, "", 401, ""]);
    expect(await messagesOf(app, id)).toMatchObject([
      { state: "quarantined" },
      { state: "accepted" },
    ]);
  });

  it("leaves every other message of its sender an event, answered with nothing to show", async () => {
    await using app = await openSources({ clock: fakeClock(NOW) });
    const { id } = await create(app, { provider: "slack" });
    const body = '{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}';
    const reply = await post(app, id, fromSlack(body, NOW));
    expect([reply.status, reply.text]).toEqual([200, ""]);
    expect(await typesOf(app)).toEqual(["slack.app_mention"]);
  });
});
