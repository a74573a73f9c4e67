import { describe, expect, it } from "vitest";
import { bench, code, kinds } from "../key-app.fixture.ts";
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

  it("400: a cursor that was altered", async () => {
    await using it = await bench(kind);
    const reply = await it.app.as().get("/keys?cursor=abc");
    expect([reply.status, code(reply)]).toEqual([400, "request.cursor"]);
  });
});
