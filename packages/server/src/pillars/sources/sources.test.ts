import { describe, expect, it } from "vitest";
import { describeStore, fakeClock } from "portico/testing";
import { forgetMessages } from "./forget.ts";
import {
  code,
  create,
  fromGithub,
  messagesOf,
  openSources,
  post,
  SECRET,
} from "./senders.fixture.ts";

describe("POST /sources", () => {
  it("201: shows a secret that Portico made once, and one that was given never", async () => {
    await using app = await openSources();
    const key = { "idempotency-key": "k1" };
    const made = await app.as().post("/sources", { provider: "github", slug: "code" }, key);
    expect(made.status).toBe(201);
    const { id, secret } = made.json() as { id: string; secret: string };
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(made.json()).toMatchObject({
      slug: "code",
      eventPrefix: "code",
      address: `http://portico.test/in/${id}`,
      secrets: [{ until: null }],
    });
    const again = await app.as().post("/sources", { provider: "github", slug: "code" }, key);
    expect(again.json()).toEqual({ ...(made.json() as object), secret: null });
    const given = await create(app, { provider: "stripe" });
    expect(given.secret).toBeNull();
    for (const path of [`/sources/${id}`, "/sources/code", "/sources"]) {
      const reply = await app.as().get(path);
      expect(reply.text).toContain(id);
      expect(reply.text).not.toContain(secret);
      expect(reply.text).not.toContain(SECRET);
    }
    expect((await post(app, id, fromGithub("{}", { secret }))).status).toBe(202);
  });

  it("stores no secret in the clear", async () => {
    await using app = await openSources();
    await create(app, { provider: "stripe" });
    const { rows } = await app.spine.hub.driver.query({
      sql: "select * from sources_sources",
      parameters: [],
    });
    expect(JSON.stringify(rows)).toContain("stripe");
    expect(JSON.stringify(rows)).not.toContain(SECRET);
  });

  it.each([
    [{ provider: "nobody" }, "sources.unknownProvider"],
    [{ provider: "hmac" }, "sources.badScheme"],
    [{ provider: "stripe", scheme: { signatureHeader: "x" } }, "sources.badScheme"],
    [{ provider: "hmac", scheme: { signatureHeader: "x", content: "x" } }, "sources.badScheme"],
    [{ provider: "stripe", secret: "short" }, "sources.badSecret"],
    [{ provider: "sendgrid", secret: SECRET }, "sources.badSecret"],
    [{ provider: "standard-webhooks", secret: "whsec_x" }, "sources.badSecret"],
    [{ provider: "stripe", eventPrefix: "source" }, "sources.reservedPrefix"],
    [{ provider: "stripe", eventPrefix: "A b" }, "request.invalid"],
    [{ provider: "stripe", slug: "messages" }, "request.invalid"],
    [{ provider: "stripe", secret: "" }, "request.invalid"],
    [{ provider: "stripe", url: "https://example.com/in?a=1" }, "request.invalid"],
  ])("422: refuses %j as %s and stores nothing", async (body, expected) => {
    await using app = await openSources();
    const reply = await app.as().post("/sources", body);
    expect([reply.status, code(reply)]).toEqual([422, expected]);
    expect(await app.events()).toEqual([]);
  });
});

describeStore("PATCH, rotate-secret, DELETE /sources/{id}", (open) => {
  it("changes what is given, counts the revision, and emits one event for each change and no others", async () => {
    await using database = await open();
    await using app = await openSources({ driver: database.driver });
    const { id } = await create(app, { provider: "github", description: "first" });
    const client = app.as();
    const changed = await client.patch(`/sources/${id}`, { eventPrefix: "code" });
    expect(changed.json()).toMatchObject({
      eventPrefix: "code",
      description: "first",
      revision: 2,
    });
    expect((await post(app, id, fromGithub("{}"))).status).toBe(202);
    const stale = await client.patch(`/sources/${id}`, { active: false }, { "if-match": '"1"' });
    expect([stale.status, code(stale)]).toEqual([412, "request.revision"]);
    const rotated = await client.post(`/sources/${id}/rotate-secret`, {});
    expect(rotated.json()).toMatchObject({
      secret: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      revision: 3,
    });
    expect((await client.delete(`/sources/${id}`)).status).toBe(204);
    expect((await client.get(`/sources/${id}`)).status).toBe(404);
    expect((await app.events()).map(({ type }) => type)).toEqual([
      "source.created",
      "source.updated",
      "code.push",
      "source.updated",
      "source.deleted",
    ]);
  });

  it("keeps five secrets in force and no sixth, and ends all but the last where no overlap is wanted", async () => {
    await using database = await open();
    await using app = await openSources({ driver: database.driver });
    const { id } = await create(app, { provider: "stripe" });
    const rotate = (
      n: number,
      overlapSeconds: number,
    ): ReturnType<ReturnType<typeof app.as>["post"]> =>
      app.as().post(`/sources/${id}/rotate-secret`, { secret: `secret-no-${n}`, overlapSeconds });
    for (const n of [2, 3, 4, 5]) expect((await rotate(n, 60)).status).toBe(200);
    const sixth = await rotate(6, 60);
    expect([sixth.status, code(sixth)]).toEqual([409, "sources.tooManySecrets"]);
    const last = await rotate(7, 0);
    expect(last.json()).toMatchObject({ secrets: [{ until: null }] });
    const none = await app.as().post(`/sources/${id}/rotate-secret`, {});
    expect([none.status, code(none)]).toEqual([422, "sources.secretNeeded"]);
  });
});

describeStore("a quarantined message", (open) => {
  it("becomes an event when it is released, once, as it would have when it came", async () => {
    await using database = await open();
    await using app = await openSources({ driver: database.driver });
    const { id } = await create(app, { provider: "github" });
    await post(app, id, fromGithub('{"n": 1.0}', { secret: "another-secret" }));
    const [refused] = await messagesOf(app, id);
    const path = `/sources/messages/${refused?.id}`;
    const early = await app.as().post(`${path}/replay`);
    expect([early.status, code(early)]).toEqual([409, "sources.notAccepted"]);
    const two = await Promise.all([
      app.as().post(`${path}/release`),
      app.as().post(`${path}/release`),
    ]);
    expect(two.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
    expect(await messagesOf(app, id)).toMatchObject([
      { state: "released", reason: "wrongSignature" },
    ]);
    // The right one comes after all: it is the same message.
    expect((await post(app, id, fromGithub('{"n": 1.0}'))).status).toBe(200);
    const replayed = await app.as().post(`${path}/replay`);
    expect(replayed.status).toBe(202);
    const seen = (await app.events()).filter(({ type }) => type === "github.push");
    expect(seen.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 1 }]);
    expect(seen[1]?.event).toMatchObject({
      id: (replayed.json() as { id: string }).id,
      cause: refused?.id,
      trace: seen[0]?.event.trace,
    });
  });

  it("is not released when the same message was accepted meanwhile", async () => {
    await using database = await open();
    await using app = await openSources({ driver: database.driver });
    const { id } = await create(app, { provider: "github" });
    await post(app, id, fromGithub("{}", { secret: "another-secret" }));
    const [refused] = await messagesOf(app, id);
    await post(app, id, fromGithub("{}"));
    const reply = await app.as().post(`/sources/messages/${refused?.id}/release`);
    expect([reply.status, code(reply)]).toEqual([409, "sources.alreadyAccepted"]);
  });

  it("is nobody else's to read, release or replay", async () => {
    await using database = await open();
    await using app = await openSources({ driver: database.driver });
    const { id } = await create(app, { provider: "github" });
    await post(app, id, fromGithub("{}", { secret: "another-secret" }));
    const [refused] = await messagesOf(app, id);
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    const path = `/sources/messages/${refused?.id}`;
    expect((await stranger.get(path)).status).toBe(404);
    expect((await stranger.post(`${path}/release`)).status).toBe(404);
    expect((await stranger.post(`${path}/replay`)).status).toBe(404);
    expect((await stranger.get(`/sources/${id}/messages`)).status).toBe(404);
    const reader = app.as({ permissions: ["sources:read"] });
    expect((await reader.get(path)).status).toBe(200);
    expect((await reader.post(`${path}/release`)).status).toBe(403);
  });
});

describeStore("messages that are old", (open) => {
  it("are forgotten after their days, in every organization, and are new ones when they come again", async () => {
    await using database = await open();
    const clock = fakeClock();
    const settings = { sources: { messageDays: 7 } };
    await using app = await openSources({ driver: database.driver, clock, settings });
    const { id } = await create(app, { provider: "github" });
    const other = await create(app, { provider: "github" }, "other");
    await post(app, id, fromGithub("{}"));
    await post(app, other.id, fromGithub("{}"));
    const start = clock.now();
    const ctx = app.context("sources");
    clock.set(start + 7 * 86_400_000);
    await forgetMessages(ctx);
    expect((await post(app, id, fromGithub("{}"))).status).toBe(200);
    expect((await post(app, id, fromGithub("{}", { id: "young" }))).status).toBe(202);
    clock.set(start + 7 * 86_400_000 + 1);
    await forgetMessages(ctx);
    expect(await messagesOf(app, id)).toMatchObject([{ externalId: "young" }]);
    expect((await post(app, id, fromGithub("{}"))).status).toBe(202);
    const { rows } = await app.spine.hub.driver.query({
      sql: "select id from sources_messages where organization = 'other'",
      parameters: [],
    });
    expect(rows).toEqual([]);
  });
});

it("the forgetting of old messages goes to sleep after its run, and is cancelled by nobody", async () => {
  await using app = await openSources();
  await app.settled();
  const [forgetting] = await app.spine.jobs.list({ plugin: "sources", name: "forget", limit: 9 });
  expect(forgetting).toMatchObject({ state: "delayed", attempt: 0, error: null });
  await expect(app.spine.jobs.cancel(forgetting?.id ?? "")).rejects.toMatchObject({
    code: "jobs.notCancellable",
  });
});
