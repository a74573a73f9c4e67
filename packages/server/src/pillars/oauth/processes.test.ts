import { createTestApp, openTestDatabase, storeKinds } from "portico/testing";
import type { TestApp } from "portico/testing";
import { describe, expect, it, vi } from "vitest";
import { identityFixture } from "./identity.fixture.ts";
import { oauth } from "./index.ts";
import type { MadeClient, TokenAnswer } from "./oauth-app.fixture.ts";

// A copy of this folder beside the installed package has no PostgreSQL.
const hasPostgres =
  storeKinds.includes("postgres") && process.env["PORTICO_TEST_POSTGRES_URL"] !== undefined;

async function tokenOf(server: TestApp, { id, secret }: MadeClient): Promise<string> {
  const form = { grant_type: "client_credentials", client_id: id, client_secret: secret };
  const reply = await server.inject({
    method: "POST",
    url: "/oauth/token",
    headers: { host: "portico.test", "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ ...form, scope: "oauth:read" }).toString(),
  });
  return (reply.json() as TokenAnswer).access_token ?? "";
}

const statusAt = async (server: TestApp, token: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}` };
  return (await server.inject({ url: "/api/v1/oauth/clients", headers })).status;
};

describe.runIf(hasPostgres)("several processes", () => {
  it("accept each other's tokens, and refuse those of a client within a second of its end", async () => {
    await using database = await openTestDatabase("postgres");
    const identity = identityFixture();
    const plugins = [identity.plugin, oauth()];
    const one = await createTestApp({ plugins, driver: database.driver });
    const other = await createTestApp({
      plugins: [identityFixture(identity).plugin, oauth()],
      driver: await database.openAnother(),
      keyringOf: one,
    });
    const body = { name: "Acme", type: "confidential", scopes: ["oauth:read"] };
    const made = (await one.as().post("/oauth/clients", body)).json() as MadeClient;
    const token = await tokenOf(one, made);
    expect([await statusAt(one, token), await statusAt(other, token)]).toEqual([200, 200]);
    expect((await one.as().delete(`/oauth/clients/${made.id}`)).status).toBe(204);
    expect(await statusAt(one, token)).toBe(401);
    const refused = async (): Promise<void> => expect(await statusAt(other, token)).toBe(401);
    await vi.waitFor(refused, { timeout: 1_000, interval: 20 });
    await one.stop();
    await other.stop();
  });
});
