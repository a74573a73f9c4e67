import { describe, expect, it } from "vitest";
import { describeStore } from "portico/testing";
import { openShop, subscribe, typesOf } from "./shop.fixture.ts";

const url = "https://example.com/hook";

function code(reply: { json(): unknown }): string {
  return (reply.json() as { code: string }).code;
}

describe("POST /webhooks", () => {
  it("201: answers the secret once, shows it never again, and emits webhook.created and no others", async () => {
    await using app = await openShop();
    const client = app.as();
    const headers = { "X-Api-Key": "canary-value" };
    const made = await client.post("/webhooks", { url, events: ["*"], slug: "acme", headers });
    expect(made.status).toBe(201);
    const { id, secret } = made.json() as { id: string; secret: string };
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(made.json()).toMatchObject({ slug: "acme", active: true, headerNames: ["x-api-key"] });
    for (const path of [`/webhooks/${id}`, "/webhooks/acme", "/webhooks"]) {
      const reply = await client.get(path);
      expect(reply.status).toBe(200);
      expect(reply.text).toContain(id);
      expect(reply.text).not.toContain(secret);
      expect(reply.text).not.toContain("canary-value");
    }
    expect(await app.events()).toMatchObject([
      { type: "webhook.created", subject: id, data: { id, url, events: ["*"], active: true } },
    ]);
  });

  it("stores neither the secret nor a header's value in the clear", async () => {
    await using app = await openShop();
    const { id, secret } = await subscribe(app, url, { headers: { "x-api-key": "canary-value" } });
    const rows = await app.spine.hub.driver.query({
      sql: "select * from webhooks_webhooks",
      parameters: [],
    });
    const text = JSON.stringify(rows.rows);
    expect(text).toContain(id);
    expect(text).not.toContain(secret);
    expect(text).not.toContain("canary-value");
  });

  it("shows no secret when the same Idempotency-Key comes again", async () => {
    await using app = await openShop();
    const key = { "idempotency-key": "k1" };
    const first = await app.as().post("/webhooks", { url, events: ["*"] }, key);
    const second = await app.as().post("/webhooks", { url, events: ["*"] }, key);
    expect(second.json()).toEqual({ ...(first.json() as object), secret: null });
    expect(await typesOf(app)).toEqual(["webhook.created"]);
  });

  it.each([
    ["ftp://example.com/", "webhooks.badUrl"],
    ["http://169.254.169.254/latest/meta-data", "webhooks.badUrl"],
    ["http://10.1.2.3/", "webhooks.badUrl"],
    ["https://user:pass@example.com/", "webhooks.badUrl"],
    ["not a url", "webhooks.badUrl"],
  ])("422: refuses the URL %s and stores nothing", async (badUrl, expected) => {
    await using app = await openShop({ outboundAllow: [] });
    const reply = await app.as().post("/webhooks", { url: badUrl, events: ["*"] });
    expect(reply.status).toBe(422);
    expect(code(reply)).toBe(expected);
    expect(await typesOf(app)).toEqual([]);
  });

  it.each([
    ["no events", { url, events: [] }],
    ["a wildcard in the middle", { url, events: ["a.*.b"] }],
    ["an unknown field", { url, events: ["*"], secret: "whsec_mine" }],
    ["a slug that looks like none", { url, events: ["*"], slug: "Acme_1" }],
  ])("422: refuses %s", async (_what, body) => {
    await using app = await openShop();
    expect((await app.as().post("/webhooks", body)).status).toBe(422);
  });

  it("422: refuses a header that would break the request's frame", async () => {
    await using app = await openShop();
    const body = { url, events: ["*"], headers: { host: "internal" } };
    const reply = await app.as().post("/webhooks", body);
    expect([reply.status, code(reply)]).toEqual([422, "webhooks.badHeader"]);
  });

  it("409: refuses a slug that another webhook of the organization has, not one of another", async () => {
    await using app = await openShop();
    await subscribe(app, url, { slug: "acme" });
    const body = { url, events: ["*"], slug: "acme" };
    const again = await app.as().post("/webhooks", body);
    expect([again.status, code(again)]).toEqual([409, "webhooks.slugTaken"]);
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    expect((await stranger.post("/webhooks", body)).status).toBe(201);
  });

  it("401 and 403: nobody, and who may only read, change nothing", async () => {
    await using app = await openShop();
    const { id } = await subscribe(app, url);
    const reader = app.as({ permissions: ["webhooks:read"] });
    expect((await reader.get(`/webhooks/${id}`)).status).toBe(200);
    expect((await reader.post("/webhooks", { url, events: ["*"] })).status).toBe(403);
    expect((await reader.patch(`/webhooks/${id}`, { active: false })).status).toBe(403);
    expect((await reader.delete(`/webhooks/${id}`)).status).toBe(403);
    const nobody = await app.inject({ method: "DELETE", url: `/api/v1/webhooks/${id}` });
    expect(nobody.status).toBe(401);
    expect(await typesOf(app)).toEqual(["webhook.created"]);
  });
});

describeStore("PATCH, enable, disable, DELETE /webhooks/{id}", (open) => {
  it("200: changes what is given, counts the revision, and emits one event for each change", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, url, { description: "first" });
    const client = app.as();
    const changed = await client.patch(`/webhooks/${id}`, { events: ["a.*"] });
    expect(changed.json()).toMatchObject({ events: ["a.*"], description: "first", revision: 2 });
    expect((await client.post(`/webhooks/${id}/disable`)).json()).toMatchObject({
      active: false,
      disabledReason: "caller",
    });
    expect((await client.post(`/webhooks/${id}/enable`)).json()).toMatchObject({
      active: true,
      disabledReason: null,
      revision: 4,
    });
    expect((await client.delete(`/webhooks/${id}`)).status).toBe(204);
    expect((await client.get(`/webhooks/${id}`)).status).toBe(404);
    expect(await typesOf(app)).toEqual([
      "webhook.created",
      "webhook.updated",
      "webhook.disabled",
      "webhook.updated",
      "webhook.deleted",
    ]);
  });

  it("412: refuses a change of a revision that is gone, and changes nothing", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, url);
    const client = app.as();
    const { etag } = (await client.get(`/webhooks/${id}`)).headers;
    expect(etag).toBe('"1"');
    await client.patch(`/webhooks/${id}`, { description: "newer" });
    const match = { "if-match": '"1"' };
    const late = await client.patch(`/webhooks/${id}`, { description: "late" }, match);
    expect([late.status, code(late)]).toEqual([412, "webhooks.stale"]);
    expect((await client.delete(`/webhooks/${id}`, match)).status).toBe(412);
    expect((await client.get(`/webhooks/${id}`)).json()).toMatchObject({ description: "newer" });
  });

  it("404: a webhook of another organization is not there, by id or slug, for any verb", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const { id } = await subscribe(app, url, { slug: "acme" });
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    const replies = await Promise.all([
      stranger.get(`/webhooks/${id}`),
      stranger.get("/webhooks/acme"),
      stranger.patch(`/webhooks/${id}`, { active: false }),
      stranger.post(`/webhooks/${id}/disable`),
      stranger.delete(`/webhooks/${id}`),
      stranger.get(`/webhooks/${id}/events`),
      stranger.get(`/webhooks/${id}/deliveries`),
    ]);
    expect(replies.map((reply) => [reply.status, code(reply)])).toEqual(
      replies.map(() => [404, "webhooks.notFound"]),
    );
    expect((await stranger.get("/webhooks")).json()).toEqual({ data: [], next: null });
    expect((await app.as().get(`/webhooks/${id}`)).json()).toMatchObject({ active: true });
  });

  it("lists page by page without loss", async () => {
    await using database = await open();
    await using app = await openShop({ driver: database.driver });
    const ids = [];
    for (let index = 0; index < 3; index += 1) ids.push((await subscribe(app, url)).id);
    const first = (await app.as().get("/webhooks?limit=2")).json() as {
      data: { id: string }[];
      next: string;
    };
    const rest = (
      await app.as().get(`/webhooks?limit=2&cursor=${encodeURIComponent(first.next)}`)
    ).json() as typeof first;
    expect([...first.data, ...rest.data].map(({ id }) => id)).toEqual(ids);
    expect(rest.next).toBeNull();
  });
});
