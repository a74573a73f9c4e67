import { setTimeout as sleep } from "node:timers/promises";
import { openTestDatabase } from "portico/testing";
import { describe, expect, it } from "vitest";
import { bench } from "./organization-app.fixture.ts";
import type { PersonClient, Reply } from "./organization-app.fixture.ts";

const MEMBERS = "/organizations/default/members";
const WITHIN_MS = 1_000;

/** How long it takes until the answer is another, in milliseconds. */
async function until(status: number, ask: () => Promise<Reply>): Promise<number> {
  const began = performance.now();
  while ((await ask()).status !== status) {
    if (performance.now() - began > 10 * WITHIN_MS) throw new Error(`never ${status}`);
    await sleep(5);
  }
  return performance.now() - began;
}

describe("two processes on one PostgreSQL", () => {
  it("act by a role, a ban, a grant and a denial of one of them within a second, and the one itself at once", async () => {
    await using database = await openTestDatabase("postgres");
    await using one = await bench({ database });
    await using two = await bench({
      database: { ...database, driver: await database.openAnother() },
      keyringOf: one.app,
    });
    await one.member("ann", ["owner"]);
    await one.member("bob");
    const ann = one.person("ann");
    const [here, there] = [one.person("bob"), two.person("bob")];
    const asks = (path: string) => (client: PersonClient) => () => client.get(path);
    const grants = asks("/grants");
    const members = asks(MEMBERS);
    // Both remember what he held before.
    for (const client of [here, there]) {
      expect((await grants(client)()).status).toBe(403);
      expect((await members(client)()).status).toBe(200);
    }
    const denial = {
      subjectKind: "user",
      subject: "bob",
      resource: "*",
      permission: "members:read",
      effect: "deny",
    };
    const steps: readonly [string, () => Promise<Reply>, number, typeof grants][] = [
      ["a role", () => ann.patch(`${MEMBERS}/bob`, { roles: ["moderator"] }), 200, grants],
      [
        "what a role may do",
        () => ann.patch("/roles/moderator", { permissions: ["members:read"] }),
        403,
        grants,
      ],
      [
        "a grant",
        () => ann.post("/grants", { ...denial, permission: "grants:read", effect: "allow" }),
        200,
        grants,
      ],
      ["a denial", () => ann.post("/grants", denial), 403, members],
      ["a ban", () => ann.post(`${MEMBERS}/bob/ban`, {}), 403, grants],
    ];
    for (const [what, change, status, ask] of steps) {
      expect((await change()).status, what).toBeLessThan(300);
      expect((await ask(here)()).status, what).toBe(status);
      expect(await until(status, ask(there)), what).toBeLessThan(WITHIN_MS);
    }
  });

  it("refuse everything of an organization that one of them deletes, within a second", async () => {
    await using database = await openTestDatabase("postgres");
    await using one = await bench({ database });
    await using two = await bench({
      database: { ...database, driver: await database.openAnother() },
      keyringOf: one.app,
    });
    await one.member("ann");
    const made = await one.person("ann").post("/organizations", { name: "Acme" });
    const { id } = made.json() as { id: string };
    const key = (): Promise<Reply> =>
      two.app.as({ kind: "key", organization: id, permissions: ["*"] }).get("/roles");
    expect((await key()).status).toBe(200);
    expect((await one.person("ann", id).delete(`/organizations/${id}`)).status).toBe(204);
    expect(await until(403, key)).toBeLessThan(WITHIN_MS);
  });
});
