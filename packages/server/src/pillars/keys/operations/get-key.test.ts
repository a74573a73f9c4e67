import { describe, expect, it } from "vitest";
import { bench, code, kinds } from "../key-app.fixture.ts";

describe.each(kinds)("GET /keys/{id} [%s]", (kind) => {
  it("200: the key without its text", async () => {
    await using it = await bench(kind);
    const { key: _, ...shown } = await it.create();
    const reply = await it.app.as().get(`/keys/${shown.id}`);
    expect([reply.status, reply.json()]).toEqual([200, shown]);
  });

  it("404: a key of another organization, as one that does not exist", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    const stranger = it.app.as({ organization: "other", permissions: ["*"] });
    const absent = id.slice(0, -4) + "0000";
    for (const path of [`/keys/${id}`, `/keys/${absent}`]) {
      const reply = await stranger.get(path);
      expect([reply.status, code(reply)]).toEqual([404, "keys.notFound"]);
    }
  });

  it("403 without keys:read", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    expect((await it.app.as({ permissions: ["keys:write"] }).get(`/keys/${id}`)).status).toBe(403);
  });
});
