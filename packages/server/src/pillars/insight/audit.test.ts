import { definePlugin, operation } from "portico/kernel";
import { createTestApp, describeStore } from "portico/testing";
import { Type } from "typebox";
import { expect, it } from "vitest";
import { insight } from "./index.ts";

const door = definePlugin({
  id: "door",
  version: "1.0.0",
  engine: "^1",
  operations: [
    operation({
      id: "door.open",
      method: "POST",
      path: "/doors/{id}/open",
      summary: "Open a door",
      access: "caller",
      mode: "write",
      params: Type.Object({ id: Type.String() }),
      replies: { 200: Type.Object({ id: Type.String() }) },
      example: { path: { id: "front" } },
      handle: ({ path, tx }) => {
        tx.audit({
          action: "door.unlock",
          target: path.id,
          before: { locked: true },
          after: { locked: false },
        });
        return Promise.resolve({ id: path.id });
      },
    }),
  ],
});

describeStore("GET /audit", (open) => {
  it("200 shows who did what to what, with its diff, and sealed within a second", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [door, insight()], driver: database.driver });
    const ada = app.as({ subject: "user_ada", permissions: ["*"] });
    await ada.post("/doors/front/open");
    await app.spine.auditor.seal();
    const page = (await ada.get("/audit?action=door.unlock")).json();
    expect(page).toMatchObject({
      data: [
        {
          actor: "user_ada",
          action: "door.unlock",
          target: "front",
          plugin: "door",
          diff: { before: { locked: true }, after: { locked: false } },
          sealed: true,
        },
      ],
      next: null,
    });
    const all = (await ada.get("/audit")).json() as { data: { action: string }[] };
    expect(all.data.map(({ action }) => action).toSorted()).toEqual(["door.open", "door.unlock"]);
  });

  it("200 pages through all entries once, newest first", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [door, insight()], driver: database.driver });
    const ada = app.as();
    for (const id of ["a", "b", "c"]) await ada.post(`/doors/${id}/open`);
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const more: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const reply = await ada.get(`/audit?action=door.unlock&limit=2${more}`);
      const page = reply.json() as { data: { target: string }[]; next: string | null };
      seen.push(...page.data.map(({ target }) => target));
      cursor = page.next;
    }
    expect(seen).toEqual(["c", "b", "a"]);
  });

  it("200 finds entries by who, by what to, and by thread", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [door, insight()], driver: database.driver });
    await app.as({ subject: "user_ada", permissions: ["*"] }).post("/doors/front/open");
    await app.as({ subject: "user_bob", permissions: ["*"] }).post("/doors/back/open");
    const list = async (query: string) =>
      (await app.as().get(`/audit?action=door.unlock&${query}`)).json() as {
        data: { target: string; trace: string; sealed: boolean }[];
      };
    expect((await list("actor=user_bob")).data).toMatchObject([{ target: "back" }]);
    const [front] = (await list("target=front")).data;
    expect(front).toMatchObject({ target: "front" });
    expect((await list(`trace=${front?.trace}`)).data).toMatchObject([{ target: "front" }]);
  });

  it("shows nothing of another organization, and 403 without audit:read", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [door, insight()], driver: database.driver });
    await app.as().post("/doors/front/open");
    const stranger = app.as({ organization: "other", permissions: ["*"] });
    expect((await stranger.get("/audit")).json()).toEqual({ data: [], next: null });
    expect((await app.as({ permissions: ["insight:read"] }).get("/audit")).status).toBe(403);
  });
});
