// A stranger's plugin hands out tokens, and says by `keepsTo` which operations keep to what they are restricted to.
import { Type } from "typebox";
import { expect, it } from "vitest";
import { definePlugin, operation } from "../contract/index.ts";
import type { TokenSpec } from "../contract/index.ts";
import { createTestApp, describeStore, fakeClock } from "../testing/index.ts";
import type { TestApp } from "../testing/index.ts";

const read = operation({
  id: "shelves.read",
  method: "GET",
  path: "/shelves",
  summary: "Read one shelf",
  access: "shelves:read",
  mode: "read",
  keepsTo: ["shelves.shelf"],
  replies: { 200: Type.Object({ shelf: Type.String(), organization: Type.String() }) },
  example: {},
  handle: ({ caller }) => ({
    shelf: caller.restrictions?.["shelves.shelf"] ?? "all",
    organization: caller.organization,
  }),
});
const count = operation({
  id: "shelves.count",
  method: "GET",
  path: "/shelves/count",
  summary: "Count all shelves",
  access: "shelves:read",
  mode: "read",
  replies: { 200: Type.Object({ count: Type.Integer() }) },
  example: {},
  handle: () => ({ count: 3 }),
});
const shelves = definePlugin({
  id: "shelves",
  version: "1.0.0",
  engine: "^1",
  permissions: { "shelves:read": "Read shelves" },
  operations: [read, count],
});

const spec: TokenSpec = {
  organization: "acme",
  subject: "guest:7",
  permissions: ["shelves:read"],
  restrictions: { "shelves.shelf": "poetry" },
};

async function issue(app: TestApp, more: Partial<TokenSpec> = {}): Promise<string> {
  return (await app.context("shelves").tokens.issue({ ...spec, ...more })).token;
}

async function get(app: TestApp, path: string, authorization: string): Promise<unknown> {
  const reply = await app.inject({
    method: "GET",
    url: `/api/v1${path}`,
    headers: { authorization },
  });
  const { code, ...rest } = reply.json() as { code?: string };
  return code === undefined ? rest : [reply.status, code];
}

describeStore("a token", (open) => {
  it("makes its holder a caller of its organization, kept to its restriction by what declares to keep to it", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [shelves], driver: database.driver });
    const bearer = `Bearer ${await issue(app)}`;
    expect(await get(app, "/shelves", bearer)).toEqual({ shelf: "poetry", organization: "acme" });
    expect(await get(app, "/shelves/count", bearer)).toEqual([403, "access.restricted"]);
  });

  it("with a restriction that an operation does not know beside one that it knows is refused there", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [shelves], driver: database.driver });
    const restrictions = { "shelves.shelf": "poetry", "shelves.row": "2" };
    const bearer = `Bearer ${await issue(app, { restrictions })}`;
    expect(await get(app, "/shelves", bearer)).toEqual([403, "access.restricted"]);
  });

  it("without a restriction reaches what its permissions say, and needs them", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [shelves], driver: database.driver });
    const free = `Bearer ${await issue(app, { restrictions: {} })}`;
    expect(await get(app, "/shelves/count", free)).toEqual({ count: 3 });
    const other = `Bearer ${await issue(app, { permissions: ["books:read"] })}`;
    expect(await get(app, "/shelves", other)).toEqual([403, "access.forbidden"]);
  });

  it("is refused when it was altered, never issued, has expired or was revoked, all alike", async () => {
    await using database = await open();
    const clock = fakeClock();
    await using app = await createTestApp({ plugins: [shelves], driver: database.driver, clock });
    const { tokens } = app.context("shelves");
    const short = await issue(app, { expiresInMs: 1_000 });
    const revoked = await issue(app);
    const good = await issue(app, { subject: "guest:8" });
    await tokens.revoke({ organization: "other", subject: "guest:8" });
    await tokens.revoke({ organization: "acme", subject: "guest:7" });
    await clock.advance(1_000);
    const altered = `${good.slice(0, -1)}${good.endsWith("A") ? "B" : "A"}`;
    for (const token of [short, revoked, altered, "ptk_", `ptk_${"a".repeat(43)}`]) {
      const refused = await get(app, "/shelves", `Bearer ${token}`);
      expect(refused).toEqual([401, "access.unauthenticated"]);
    }
    expect(await get(app, "/shelves", `bearer  ${good}`)).toMatchObject({ shelf: "poetry" });
  });

  it("beside another credential is refused, since it is not guessed which is meant", async () => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [shelves], driver: database.driver });
    const { headers } = app.as();
    const reply = await app.inject({
      method: "GET",
      url: "/api/v1/shelves",
      headers: { ...headers, authorization: `Bearer ${await issue(app)}` },
    });
    expect([reply.status, reply.json()]).toMatchObject([400, { code: "access.twoCredentials" }]);
  });

  it("that has expired is swept away when another is issued", async () => {
    await using database = await open();
    const clock = fakeClock();
    await using app = await createTestApp({ plugins: [shelves], driver: database.driver, clock });
    for (let n = 0; n < 3; n += 1) await issue(app, { expiresInMs: 1_000 });
    await clock.advance(1_000);
    await issue(app);
    const { rows } = await database.driver.query({
      sql: "select hash from tokens_tokens",
      parameters: [],
    });
    expect(rows).toHaveLength(1);
  });

  it.each<[string, Partial<TokenSpec>]>([
    ["lives longer than a day", { expiresInMs: 86_400_001 }],
    ["lives no time", { expiresInMs: 0 }],
    ["lives for a fraction", { expiresInMs: 1_000.5 }],
    ["may do nothing", { permissions: [] }],
    ["is nobody's", { subject: "" }],
    ["is kept to nothing in particular", { restrictions: { "shelves.shelf": "" } }],
  ])("that %s is not issued", async (_what, more) => {
    await using database = await open();
    await using app = await createTestApp({ plugins: [shelves], driver: database.driver });
    await expect(issue(app, more)).rejects.toMatchObject({ code: "tokens.badSpec" });
  });
});
