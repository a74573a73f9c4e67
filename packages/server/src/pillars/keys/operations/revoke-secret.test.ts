import { describe, expect, it } from "vitest";
import { bearer, bench, code, kinds } from "../key-app.fixture.ts";
import type { Created } from "../key-app.fixture.ts";

describe.each(kinds)("POST /keys/revoke [%s]", (kind) => {
  it("200: closes the key that a secret belongs to, whoever's it is, also when it is off or was before", async () => {
    await using it = await bench(kind);
    const finder = it.app.as({ permissions: ["keys:write"], subject: "user_2" });
    const { id, key } = await it.create();
    expect((await it.ask(bearer(key))).status).toBe(200);
    expect((await finder.post("/keys/revoke", { key })).json()).toMatchObject({
      id,
      active: false,
    });
    expect((await it.ask(bearer(key))).status).toBe(401);
    expect((await finder.post("/keys/revoke", { key })).status).toBe(200);
    const off = await it.create();
    await it.app.as().post(`/keys/${off.id}/disable`);
    expect((await finder.post("/keys/revoke", { key: off.key })).json()).toMatchObject({
      id: off.id,
      revokedAt: "2026-01-01T00:00:00.000Z",
    });
    const old = await it.create();
    const { key: fresh } = (await it.app.as().post(`/keys/${old.id}/rotate`, {})).json() as Created;
    expect((await finder.post("/keys/revoke", { key: old.key })).status).toBe(200);
    expect((await it.ask(bearer(fresh))).status).toBe(401);
  });

  it("404: for nonsense, a wrong secret of a known id, and a key of another organization, which goes on", async () => {
    await using it = await bench(kind);
    const { key } = await it.create();
    const other = await it.create();
    const spliced = key.slice(0, 36) + other.key.slice(36);
    for (const wrong of ["", "ptc_live_x", spliced]) {
      const reply = await it.app.as().post("/keys/revoke", { key: wrong });
      expect([reply.status, code(reply)]).toEqual([404, "keys.secretUnknown"]);
    }
    const stranger = it.app.as({ organization: "other", permissions: ["*"] });
    expect((await stranger.post("/keys/revoke", { key })).status).toBe(404);
    expect((await it.ask(bearer(key))).status).toBe(200);
  });

  it("403 without keys:write", async () => {
    await using it = await bench(kind);
    const { key } = await it.create();
    const reply = await it.app.as({ permissions: ["keys:read"] }).post("/keys/revoke", { key });
    expect(reply.status).toBe(403);
  });
});
