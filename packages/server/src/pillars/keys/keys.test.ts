import { describe, expect, it } from "vitest";
import { bearer, bench, body, code, kinds } from "./key-app.fixture.ts";
import type { Created, KeyTable } from "./key-app.fixture.ts";
import { Keys } from "./index.ts";

describe.each(kinds)("keys [%s]", (kind) => {
  describe("a request with a key", () => {
    it("is its caller's, by Bearer in any case and by X-API-Key", async () => {
      await using it = await bench(kind);
      const { key } = await it.create();
      const forms: Record<string, string>[] = [
        bearer(key),
        { authorization: `bEARER   ${key}` },
        { "x-api-key": key },
      ];
      for (const headers of forms) {
        const reply = await it.ask(headers);
        expect([reply.status, reply.text]).toEqual([200, expect.stringContaining("Acme")]);
      }
    });

    it("stays within the key's organization and permissions", async () => {
      await using it = await bench(kind);
      const other = await it.app
        .as({ organization: "other", permissions: ["*"] })
        .post("/keys", body);
      await it.create({ name: "of default" });
      const reply = await it.ask(bearer((other.json() as Created).key));
      expect((reply.json() as { data: unknown[] }).data).toHaveLength(1);
      expect(reply.text).not.toContain("of default");
      const write = await it.app.inject({
        method: "POST",
        url: "/api/v1/keys",
        headers: bearer((other.json() as Created).key),
        body,
      });
      expect([write.status, code(write)]).toEqual([403, "access.forbidden"]);
    });

    it("401, alike from outside, when the key is mistyped, unknown, of another secret, revoked or expired", async () => {
      await using it = await bench(kind);
      const [good, revoked, expiring] = [
        await it.create(),
        await it.create(),
        await it.create({ expiresAt: "2026-01-01T00:01:00Z" }),
      ];
      expect((await it.ask(bearer(expiring.key))).status).toBe(200);
      await it.app.as().post(`/keys/${revoked.id}/revoke`);
      await it.clock.advance(60_000);
      const elsewhere = await bench("memory");
      const foreign = await elsewhere.create();
      await elsewhere[Symbol.asyncDispose]();
      const spliced = good.key.slice(0, 35) + foreign.key.slice(35);
      const wrong = [
        `${good.key.slice(0, -1)}?`,
        foreign.key,
        spliced,
        revoked.key,
        expiring.key,
        "ptc_",
        "ptc_live_x",
      ];
      const replies = await Promise.all(wrong.map((key) => it.ask(bearer(key))));
      for (const reply of replies) {
        expect(reply.status).toBe(401);
        expect(reply.headers["www-authenticate"]).toContain("Bearer");
        const { requestId: _, instance: __, ...rest } = reply.json() as Record<string, unknown>;
        expect(rest).toMatchObject({ code: "keys.invalid", detail: "The API key is not valid." });
        expect(Object.keys(rest)).not.toContain("reason");
      }
      expect(it.logged()).not.toContain(expiring.key.slice(-49));
    });

    it("400 when it carries a key twice", async () => {
      await using it = await bench(kind);
      const { key } = await it.create();
      for (const headers of [
        { ...bearer(key), "x-api-key": key },
        { "x-api-key": `${key}, ${key}` },
      ]) {
        const reply = await it.ask(headers);
        expect([reply.status, code(reply)]).toEqual([400, "keys.twoKeys"]);
      }
    });

    it("400 when it carries another credential beside the key", async () => {
      await using it = await bench(kind);
      const { key } = await it.create();
      const reply = await it.ask({ ...it.app.as().headers, ...bearer(key) });
      expect([reply.status, code(reply)]).toEqual([400, "access.twoCredentials"]);
    });

    it("401: a key that expired stays expired when the clock is set back", async () => {
      await using it = await bench(kind);
      const { key } = await it.create({ expiresAt: "2026-01-01T00:01:00Z" });
      expect((await it.ask(bearer(key))).status).toBe(200);
      it.clock.set(Date.UTC(2026, 0, 1, 0, 1));
      expect((await it.ask(bearer(key))).status).toBe(401);
      it.clock.set(Date.UTC(2026, 0, 1));
      expect((await it.ask(bearer(key))).status).toBe(401);
    });

    it("is noted as the key's last use, behind it", async () => {
      await using it = await bench(kind);
      const { id, key } = await it.create();
      await it.ask(bearer(key));
      await it.clock.advance(30_000);
      await expect
        .poll(async () => (await it.app.as().get(`/keys/${id}`)).json())
        .toMatchObject({ lastUsedAt: "2026-01-01T00:00:30.000Z" });
    });
  });

  describe("a key that is bound to addresses", () => {
    it("403 from elsewhere, in memory or not, IPv4 in IPv6 form as IPv4", async () => {
      await using it = await bench(kind);
      const { key } = await it.create({ ipAllow: ["192.0.2.0/24", "2001:db8::/32"] });
      const from = async (remoteAddress: string): Promise<unknown> => {
        const request = { method: "GET", url: "/api/v1/keys", headers: bearer(key), remoteAddress };
        const reply = await it.app.inject(request);
        return reply.status === 200 ? 200 : [reply.status, code(reply)];
      };
      const refused = [403, "keys.addressRefused"];
      expect(await from("198.51.100.1")).toEqual(refused);
      for (let round = 0; round < 2; round += 1) {
        expect(await from("192.0.2.7")).toBe(200);
        expect(await from("::ffff:c000:0207")).toBe(200);
        expect(await from("2001:db8::9")).toBe(200);
        expect(await from("198.51.100.1")).toEqual(refused);
        expect(await from("::ffff:198.51.100.1")).toEqual(refused);
      }
    });
  });

  describe("a key in the query", () => {
    it("is nothing unless the operator names a parameter, and then still one key a request", async () => {
      await using closed = await bench(kind);
      await using open = await bench(kind, { queryParameter: "api_key" });
      const { key } = await open.create();
      const asked = { method: "GET", url: `/api/v1/keys/x?api_key=${key}` };
      expect(code(await closed.app.inject(asked))).toBe("access.unauthenticated");
      expect(code(await open.app.inject(asked))).toBe("keys.notFound");
      const listed = { method: "GET", url: `/api/v1/keys/x?api_key=${key}&api_key=${key}` };
      expect(code(await open.app.inject(listed))).toBe("keys.twoKeys");
      const twice = { method: "GET", url: `/api/v1/keys/x?api_key=${key}`, headers: bearer(key) };
      expect(code(await open.app.inject(twice))).toBe("keys.twoKeys");
    });
  });

  describe("the capability", () => {
    it("creates and verifies keys for other plugins, with the caller that a request would have", async () => {
      await using it = await bench(kind);
      const ctx = it.app.context("keys");
      const face = ctx.get(Keys);
      const created = await face.create(
        {
          name: "of a plugin",
          permissions: ["keys:read"],
          environment: "live",
          rateLimit: 60,
          userId: null,
          expiresAt: null,
          metadata: {},
          createdBy: "plugin",
        },
        { organization: "other", origin: ctx.newOrigin("plugin") },
      );
      const { id, key } = created;
      expect(await face.verify(key)).toEqual({
        valid: true,
        id,
        name: "of a plugin",
        userId: null,
        caller: {
          kind: "key",
          organization: "other",
          subject: id,
          name: "of a plugin",
          permissions: ["keys:read"],
          instancePermissions: [],
          environment: "live",
          limits: ["60/min"],
        },
      });
      expect((await it.ask(bearer(key))).status).toBe(200);
    });
  });

  describe("a revocation by another process", () => {
    it("is heard of within a second", async () => {
      await using it = await bench(kind);
      const { id, key } = await it.create();
      expect((await it.ask(bearer(key))).status).toBe(200);
      const ctx = it.app.context("keys");
      const scope = { organization: "default" };
      // What another process leaves in the database: the row and the change mark, and no word to this one.
      await ctx.store.transaction({ scope, origin: ctx.newOrigin("elsewhere") }, async (tx) => {
        await tx
          .db<KeyTable>()
          .updateTable("keys_keys")
          .set({ revoked_at: 1 })
          .where("id", "=", id)
          .execute();
        tx.changed("keys.key", id);
      });
      await it.clock.advance(1_000);
      await expect.poll(async () => (await it.ask(bearer(key))).status).toBe(401);
    });
  });
});
