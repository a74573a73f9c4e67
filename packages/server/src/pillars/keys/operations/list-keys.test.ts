import { describe, expect, it } from "vitest";
import { bench, body, code, kinds } from "../key-app.fixture.ts";
import type { Created } from "../key-app.fixture.ts";

describe.each(kinds)("GET /keys [%s]", (kind) => {
  it("200: pages newest first without a key's text, and narrows by user and environment", async () => {
    await using it = await bench(kind);
    const made: Created[] = [];
    for (const userId of ["1", "2", "1", "2", "1"]) made.push(await it.create({ userId }));
    await it.create({ environment: "test" });
    const seen: string[] = [];
    let path = "/keys?limit=2&environment=live";
    for (let page = 0; page < 3; page += 1) {
      const reply = await it.app.as().get(path);
      const { data, next } = reply.json() as { data: Created[]; next: string | null };
      seen.push(...data.map(({ id }) => id));
      expect(data.every((each) => !("key" in each))).toBe(true);
      expect(next === null).toBe(page === 2);
      path = `/keys?limit=2&environment=live&cursor=${encodeURIComponent(next ?? "")}`;
    }
    expect(seen).toEqual(made.map(({ id }) => id).toReversed());
    const ofUser = await it.app.as().get("/keys?userId=2");
    expect((ofUser.json() as { data: unknown[] }).data).toHaveLength(2);
  });

  it("200: without keys:all a caller sees the key it calls with, its user's, and those it made", async () => {
    await using it = await bench(kind);
    const mine = await it.create({ userId: "7" });
    const others = await it.create({ userId: "8" });
    const made = await it.app
      .as({ subject: "7", permissions: ["keys:*", "keys:read"] })
      .post("/keys", body);
    const list = async (caller: object, query = ""): Promise<readonly string[]> => {
      const reply = await it.app.as({ permissions: ["keys:read"], ...caller }).get(`/keys${query}`);
      return (reply.json() as { data: Created[] }).data.map(({ id }) => id);
    };
    const { id } = made.json() as Created;
    expect(await list({ subject: "7" })).toEqual([id, mine.id]);
    expect(await list({ subject: "7" }, "?userId=8")).toEqual([]);
    expect(await list({ subject: "7" }, "?userId=7")).toEqual([mine.id]);
    expect(await list({ kind: "key", subject: others.id })).toEqual([others.id]);
    expect(await list({ kind: "key", subject: "key_x", userId: "8" })).toEqual([others.id]);
    expect(await list({ subject: "9" })).toEqual([]);
    expect(await list({ subject: "9", permissions: ["keys:read", "keys:all"] })).toHaveLength(3);
  });

  it("400: a cursor that was altered", async () => {
    await using it = await bench(kind);
    const reply = await it.app.as().get("/keys?cursor=abc");
    expect([reply.status, code(reply)]).toEqual([400, "request.cursor"]);
  });
});
