import { describe, expect, it } from "vitest";
import { bearer, bench, code, kinds } from "../key-app.fixture.ts";

const DAY_MS = 86_400_000;

describe.each(kinds)("GET /keys/{id}/usage [%s]", (kind) => {
  it("200: counts uses by day of UTC, both secrets and verifications together", async () => {
    await using it = await bench(kind);
    const { id, key } = await it.create();
    const usage = async (query = ""): Promise<unknown> =>
      (await it.app.as().get(`/keys/${id}/usage${query}`)).json();
    expect(await usage()).toEqual({ data: [], next: null });
    for (let round = 0; round < 3; round += 1) await it.ask(bearer(key));
    await it.app.as().post(`/keys/${id}/rotate`, { overlapMs: 3 * DAY_MS });
    await it.ask(bearer(key));
    await it.app.as().post("/keys/verify", { key });
    await it.clock.advance(30_000);
    await expect
      .poll(() => usage())
      .toEqual({ data: [{ day: "2026-01-01", uses: 5 }], next: null });
    // A second before midnight: what is used today is not written as tomorrow's.
    await it.clock.advance(DAY_MS - 31_000);
    await it.ask(bearer(key));
    await it.clock.advance(1_000);
    await it.ask(bearer(key));
    await it.clock.advance(30_000);
    await expect
      .poll(() => usage())
      .toEqual({
        data: [
          { day: "2026-01-02", uses: 1 },
          { day: "2026-01-01", uses: 6 },
        ],
        next: null,
      });
    expect(await usage("?from=2026-01-02&to=2026-01-31")).toMatchObject({ data: [{ uses: 1 }] });
  });

  it("404 for a key of another organization or another's, 422 for a day that is none", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    for (const caller of [
      { organization: "other", permissions: ["*"] },
      { permissions: ["keys:read"], subject: "user_2" },
    ]) {
      const reply = await it.app.as(caller).get(`/keys/${id}/usage`);
      expect([reply.status, code(reply)]).toEqual([404, "keys.notFound"]);
    }
    expect((await it.app.as().get(`/keys/${id}/usage?from=yesterday`)).status).toBe(422);
  });
});
