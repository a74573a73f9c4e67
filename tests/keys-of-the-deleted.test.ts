import { add, CliVerbs, definePlugin } from "../packages/server/src/kernel/index.ts";
import {
  createTestApp,
  describeStore,
  openTestDatabase,
} from "../packages/server/src/kernel/testing/index.ts";
import { expect, it } from "vitest";
import { keys } from "../packages/server/src/pillars/keys/index.ts";

interface Created {
  readonly id: string;
  readonly key: string;
}

/** Says that somebody was deleted, as the pillar of people does. */
const people = definePlugin({
  id: "people",
  version: "1.0.0",
  engine: "^1",
  events: {
    "user.deleted": {
      description: "An account was deleted.",
      data: { type: "object" },
      example: {},
    },
  },
  contributes: [
    add(CliVerbs, {
      noun: "people",
      verb: "delete",
      summary: "Delete",
      arguments: [{ name: "id", description: "whom" }],
      run: async (ctx, input) => {
        const options = { scope: { organization: "default" }, origin: ctx.newOrigin("test") };
        await ctx.store.transaction(options, (tx) => {
          tx.emit("user.deleted", {}, { subject: input.arguments["id"] ?? "" });
          return Promise.resolve();
        });
        return { data: {}, text: "" };
      },
    }),
  ],
});

describeStore("a deleted user", (_open, kind) => {
  it("takes their keys along, and nobody else's", async () => {
    await using database = await openTestDatabase(kind);
    const app = await createTestApp({ plugins: [keys(), people], driver: database.driver });
    try {
      const create = async (userId: string, organization = "default"): Promise<Created> => {
        const client = app.as({ permissions: ["*"], organization });
        const body = { name: "Theirs", permissions: ["keys:read"], userId };
        return (await client.post("/keys", body)).json() as Created;
      };
      const status = async ({ key }: Created): Promise<number> => {
        const headers = { authorization: `Bearer ${key}` };
        return (await app.inject({ method: "GET", url: "/api/v1/keys", headers })).status;
      };
      const [gone, also, other, elsewhere] = [
        await create("user_1"),
        await create("user_1"),
        await create("user_2"),
        await create("user_1", "acme"),
      ];
      expect(await status(gone)).toBe(200);
      const found = app.cliVerbs().find(({ verb }) => verb.noun === "people");
      const input = { arguments: { id: "user_1" }, options: {} };
      await found?.verb.run(found.ctx, input, () => undefined);
      await app.settled();
      expect([await status(gone), await status(also)]).toEqual([401, 401]);
      expect([await status(other), await status(elsewhere)]).toEqual([200, 200]);
      const revoked = (await app.events()).filter(({ type }) => type === "key.revoked");
      expect(new Set(revoked.map(({ subject }) => subject))).toEqual(new Set([gone.id, also.id]));
    } finally {
      await app.stop();
    }
  });
});
