import { describe, expect, it } from "vitest";
import { bearer, bench, code, kinds } from "../key-app.fixture.ts";
import type { Created } from "../key-app.fixture.ts";

describe.each(kinds)("POST /keys/{id}/rotate [%s]", (kind) => {
  it("200: a new secret under the same id, the old one beside it until the overlap is over", async () => {
    await using it = await bench(kind);
    const { id, key: old } = await it.create();
    expect((await it.ask(bearer(old))).status).toBe(200);
    const reply = await it.app.as().post(`/keys/${id}/rotate`, { overlapMs: 120_000 });
    const rotated = reply.json() as Created;
    expect(rotated).toMatchObject({
      id,
      key: expect.stringMatching(/^ptc_live_/),
      rotatedAt: "2026-01-01T00:00:00.000Z",
      previous: { expiresAt: "2026-01-01T00:02:00.000Z" },
      revision: 2,
    });
    expect(rotated.key).not.toBe(old);
    for (const each of [rotated.key, old, rotated.key, old]) {
      expect((await it.ask(bearer(each))).status).toBe(200);
    }
    await it.clock.advance(30_000);
    const read = async (): Promise<unknown> => (await it.app.as().get(`/keys/${id}`)).json();
    await expect.poll(read).toMatchObject({ previous: { lastUsedAt: "2026-01-01T00:00:30.000Z" } });
    await it.clock.advance(90_000);
    expect((await it.ask(bearer(old))).status).toBe(401);
    expect((await it.ask(bearer(rotated.key))).status).toBe(200);
    const seen = await it.events();
    expect(seen.map(({ type }) => type)).toEqual(["key.created", "key.rotated"]);
    expect(JSON.stringify(seen)).not.toContain(rotated.key.slice(-49));
  });

  it("200: without an overlap the old secret opens nothing from the answer on", async () => {
    await using it = await bench(kind);
    const { id, key: old } = await it.create();
    expect((await it.ask(bearer(old))).status).toBe(200);
    await it.app.as().post(`/keys/${id}/rotate`, { overlapMs: 0 });
    expect((await it.ask(bearer(old))).status).toBe(401);
  });

  it("revoking and disabling close both secrets", async () => {
    await using it = await bench(kind);
    for (const verb of ["disable", "revoke"]) {
      const { id, key: old } = await it.create();
      const { key } = (await it.app.as().post(`/keys/${id}/rotate`, {})).json() as Created;
      for (const each of [old, key]) expect((await it.ask(bearer(each))).status).toBe(200);
      await it.app.as().post(`/keys/${id}/${verb}`);
      for (const each of [old, key]) expect((await it.ask(bearer(each))).status).toBe(401);
    }
  });

  it("200: the same Idempotency-Key rotates once and shows the secret once", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    const headers = { "idempotency-key": "once" };
    const first = (await it.app.as().post(`/keys/${id}/rotate`, {}, headers)).json() as Created;
    const second = await it.app.as().post(`/keys/${id}/rotate`, {}, headers);
    expect(second.json()).toEqual({ ...first, key: null });
    expect((await it.ask(bearer(first.key))).status).toBe(200);
  });

  it("403: nobody gets the secret of a key that can do more than he", async () => {
    await using it = await bench(kind);
    const { id } = await it.create({ permissions: ["events:write"] });
    const reply = await it.app.as({ permissions: ["keys:*"] }).post(`/keys/${id}/rotate`, {});
    expect([reply.status, code(reply)]).toEqual([403, "keys.exceedsCreator"]);
    expect(reply.text).not.toContain("ptc_live_");
  });
});
