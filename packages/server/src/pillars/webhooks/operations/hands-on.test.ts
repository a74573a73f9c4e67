// What is done by hand with one webhook: a test send, a new secret, a filter tried out, deliveries looked for.
import { describeStore, fakeClock } from "portico/testing";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { answer, openReceiver } from "../receiver.fixture.ts";
import type { Received } from "../receiver.fixture.ts";
import { emit, openShop, subscribe } from "../shop.fixture.ts";

const url = "https://example.com/hook";

function verified(secret: string, { body, headers }: Received): boolean {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

function code(reply: { json(): unknown }): string {
  return (reply.json() as { code: string }).code;
}

describeStore("GET /deliveries/{id}", (open) => {
  it("200 shows the newest attempts of very many, oldest first", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    await emit(app);
    await app.settled();
    const { data } = (await app.as().get(`/webhooks/${id}/deliveries`)).json() as {
      data: { id: string }[];
    };
    const delivery = data[0]?.id ?? "";
    const sql = (n: number): string => `insert into webhooks_attempts
      (organization, delivery, id, "startedAt", "durationMs", status)
      values ('default', '${delivery}', 'attempt_${n}', ${n}, 1, ${n})`;
    const older = Array.from({ length: 201 }, (_, n) => ({ sql: sql(n + 100), parameters: [] }));
    await database.driver.append(older);
    const { attempts } = (await app.as().get(`/deliveries/${delivery}`)).json() as {
      attempts: { status: number }[];
    };
    expect(attempts).toHaveLength(200);
    expect([attempts.at(0)?.status, attempts.at(-2)?.status]).toEqual([102, 300]);
    expect(attempts.at(-1)?.status).toBe(204);
  });
});

describeStore("POST /webhooks/{id}/test", (open) => {
  it("200 sends one signed example now, also while disabled, and answers what came of it; nothing is kept", async () => {
    await using receiver = await openReceiver((response) => response.writeHead(202).end("thanks"));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id, secret } = await subscribe(app, receiver.url, { active: false });
    const data = { type: "shop.sold", data: { n: 1 } };
    const reply = await app.as().post(`/webhooks/${id}/test`, data);
    expect(reply.json()).toMatchObject({
      delivered: true,
      status: 202,
      error: null,
      responseBody: "thanks",
    });
    const [sent] = receiver.received;
    expect(sent && verified(secret, sent)).toBe(true);
    expect(JSON.parse(sent?.body ?? "")).toMatchObject(data);
    expect(sent?.headers["webhook-id"]).toBe((reply.json() as { event: string }).event);
    expect((await app.as().get(`/webhooks/${id}/deliveries`)).json()).toMatchObject({ data: [] });
    const audit = await app.spine.auditor.list({ organization: "default", limit: 10 });
    expect(audit.map(({ action }) => action)).toContain("webhooks.test");
  });

  it("200 tells of a receiver that refuses, and does not disable at 410", async () => {
    await using receiver = await openReceiver(answer(410));
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, receiver.url);
    const gone = await app.as().post(`/webhooks/${id}/test`, {});
    expect(gone.json()).toMatchObject({ delivered: false, status: 410 });
    expect((await app.as().get(`/webhooks/${id}`)).json()).toMatchObject({ active: true });
    expect(receiver.received).toHaveLength(1);
  });

  it("200 with an error where no answer comes, and 403 for who may only read", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, "http://127.0.0.1:1024/");
    const reply = await app.as().post(`/webhooks/${id}/test`, {});
    expect(reply.json()).toMatchObject({ delivered: false, status: null, address: null });
    const reader = app.as({ permissions: ["webhooks:read"] });
    expect((await reader.post(`/webhooks/${id}/test`, {})).status).toBe(403);
  });
});

describeStore("POST /webhooks/{id}/rotate-secret", (open) => {
  it("200 shows a new secret once; both sign until the overlap ends, then the new one alone", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    const clock = fakeClock();
    await using app = await openShop({ driver: database.driver, clock });
    const { id, secret: old } = await subscribe(app, receiver.url);
    const path = `/webhooks/${id}/rotate-secret`;
    const key = { "idempotency-key": "once" };
    const reply = await app.as().post(path, { overlapMs: 60_000 }, key);
    const { secret } = reply.json() as { secret: string };
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect((await app.as().post(path, { overlapMs: 60_000 }, key)).json()).toMatchObject({
      secret: null,
    });
    const signers = async (): Promise<boolean[]> => {
      await app.as().post(`/webhooks/${id}/test`, {});
      const sent = receiver.received.at(-1);
      // The library looks at the machine's clock: its own judgement of time is left out.
      const signatures = String(sent?.headers["webhook-signature"]).split(" ");
      const at = new Date(Number(sent?.headers["webhook-timestamp"]) * 1_000);
      return [old, secret].map((each) =>
        signatures.includes(
          new Webhook(each).sign(String(sent?.headers["webhook-id"]), at, sent?.body ?? ""),
        ),
      );
    };
    expect(await signers()).toEqual([true, true]);
    await clock.advance(60_000);
    expect(await signers()).toEqual([false, true]);
    const { rows } = await database.driver.query({
      sql: "select * from webhooks_webhooks",
      parameters: [],
    });
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6));
  });

  it("200 takes a secret of one's own, and with no overlap the old one ends at once", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id, secret: old } = await subscribe(app, receiver.url);
    const own = `whsec_${Buffer.from("0123456789abcdefghijklmnop").toString("base64")}`;
    const body = { secret: own, overlapMs: 0 };
    await app.as().post(`/webhooks/${id}/rotate-secret`, body);
    await app.as().post(`/webhooks/${id}/test`, {});
    const [sent] = receiver.received;
    expect(sent && [verified(old, sent), verified(own, sent)]).toEqual([false, true]);
  });

  it("412 for a revision that is gone", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, url);
    await app.as().post(`/webhooks/${id}/rotate-secret`, {}, { "if-match": '"1"' });
    const late = await app.as().post(`/webhooks/${id}/rotate-secret`, {}, { "if-match": '"1"' });
    expect([late.status, code(late)]).toEqual([412, "webhooks.stale"]);
  });
});

describe("a secret of one's own", () => {
  const base64 = (bytes: number): string =>
    Buffer.from(Array.from({ length: bytes }, (_, n) => n)).toString("base64");
  it.each([
    ["no prefix", base64(32)],
    ["nothing behind the prefix", "whsec_"],
    ["too few bytes", `whsec_${base64(23)}`],
    ["too many bytes", `whsec_${base64(65)}`],
    ["what is no base64", `whsec_${base64(32)}!`],
    ["base64 of URLs", `whsec_${Buffer.alloc(32, 0xff).toString("base64url")}`],
    ["one byte repeated", `whsec_${Buffer.alloc(32, 1).toString("base64")}`],
  ])("422 for %s, which is not repeated in the answer", async (_what, secret) => {
    await using app = await openShop();
    const refused = await app.as().post("/webhooks", { url, events: ["*"], secret });
    expect([refused.status, code(refused)]).toEqual([422, "webhooks.badSecret"]);
    expect(refused.text).not.toContain(secret.slice(6) || secret);
  });

  it.each([24, 64])("201 with %i bytes, shown once", async (bytes) => {
    await using app = await openShop();
    const secret = `whsec_${base64(bytes)}`;
    const made = await app.as().post("/webhooks", { url, events: ["*"], secret });
    expect(made.json()).toMatchObject({ secret });
  });
});

describeStore("POST /webhooks/test-filter", (open) => {
  it("200 tells of samples and of events of the log what matches, and which part does not", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const id = await emit(app, "shop.sold", '{"n":1.50}');
    const filter = {
      and: [
        { path: "data.n", gt: 2 },
        { path: "type", prefix: "shop." },
      ],
    };
    const samples = [
      { type: "shop.sold", data: { n: 3 } },
      { type: "other", data: null },
    ];
    const reply = await app.as().post("/webhooks/test-filter", { filter, samples, eventIds: [id] });
    const part = (n: 0 | 1, holds: boolean, found: string | null) => ({
      pointer: `/and/${n}`,
      path: n === 0 ? "data.n" : "type",
      holds,
      found,
    });
    expect(reply.json()).toEqual({
      results: [
        { event: null, matches: true, parts: [part(0, true, "3"), part(1, true, '"shop.sold"')] },
        { event: null, matches: false, parts: [part(0, false, null), part(1, false, '"other"')] },
        { event: id, matches: false, parts: [part(0, false, "1.5"), part(1, true, '"shop.sold"')] },
      ],
    });
  });

  it("422 for a filter that cannot be used and for an event that is not here", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const foreign = await emit(app);
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    const filter = { path: "type", exists: true };
    const unknown = await stranger.post("/webhooks/test-filter", { filter, eventIds: [foreign] });
    expect([unknown.status, code(unknown)]).toEqual([422, "webhooks.unknownEvent"]);
    const bad = await app.as().post("/webhooks/test-filter", { filter: { path: "x", eq: 1 } });
    expect([bad.status, code(bad)]).toEqual([422, "webhooks.badFilter"]);
  });
});

describeStore("GET /webhooks/{id}/deliveries", (open) => {
  it("200 by type, beginning of a type, event and time", async () => {
    await using receiver = await openReceiver();
    await using database = await open();
    const clock = fakeClock();
    await using app = await openShop({ driver: database.driver, clock });
    const { id } = await subscribe(app, receiver.url, { events: ["*"] });
    const sold = await emit(app, "shop.sold");
    await app.settled();
    await clock.advance(1_000);
    const between = new Date(clock.now()).toISOString();
    await emit(app, "shop.closed");
    await emit(app, "shopping.begun");
    await app.settled();
    const types = async (query: string): Promise<string[]> => {
      const reply = await app.as().get(`/webhooks/${id}/deliveries?${query}`);
      const { data } = reply.json() as { data: { type: string }[] };
      return data.map(({ type }) => type);
    };
    expect(await types("type=shop.sold")).toEqual(["shop.sold"]);
    expect(await types("type=shop.*")).toEqual(["shop.closed", "shop.sold"]);
    expect(await types(`event=${sold}`)).toEqual(["shop.sold"]);
    expect(await types(`since=${between}`)).toEqual(["shopping.begun", "shop.closed"]);
    expect(await types(`until=${between}`)).toEqual(["shop.sold"]);
    expect(await types(`since=${between}&until=${between}`)).toEqual([]);
    expect((await app.as().get(`/webhooks/${id}/deliveries?type=a*b`)).status).toBe(422);
  });

  it("200 lists webhooks of one owner", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, url, { owner: "Kunde 7 ä" });
    await subscribe(app, url, { owner: "other" });
    await subscribe(app, url);
    const reply = await app.as().get(`/webhooks?owner=${encodeURIComponent("Kunde 7 ä")}`);
    expect(reply.json()).toMatchObject({ data: [{ id, owner: "Kunde 7 ä" }], next: null });
  });
});
