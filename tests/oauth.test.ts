// OAuth over the real identity: people, sessions and memberships of the built-in pillars.
import { expect, test, vi } from "vitest";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import {
  authorizeUrl,
  Browser,
  CALLBACK,
  PKCE,
  send,
} from "../packages/server/src/pillars/oauth/oauth-app.fixture.ts";
import type { IdentityFace as Offered } from "../packages/server/src/pillars/identity/index.ts";
import type { IdentityFace as Used } from "../packages/server/src/pillars/oauth/identity.ts";
import { builtIns } from "../packages/server/src/platform.ts";

/** What OAuth calls is what identity offers: a mistake is one of types. */
const used = (offered: Offered): Used => offered;

const PERSON = { username: "ada", password: "orbit tulip ledger" };
const SCOPE = "openid members:read";

interface SignedIn {
  readonly app: TestApp;
  readonly url: string;
  readonly userId: string;
  readonly token: string;
  readonly refresh: () => Promise<number>;
  readonly status: () => Promise<number>;
}

async function signIn(): Promise<SignedIn> {
  expect(used).toBeTypeOf("function");
  const app = await createTestApp({ plugins: builtIns(), runTwice: false });
  const { url } = await app.listen("127.0.0.1", 0);
  await fetch(`${url}/api/v1/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(PERSON),
  });
  const made = await app.as().post("/oauth/clients", {
    name: "Reader",
    type: "confidential",
    redirectUris: [CALLBACK],
    scopes: ["openid", "members:read"],
  });
  const client = made.json() as { id: string; secret: string };
  const back = await new Browser(url).authorize(authorizeUrl(client, { scope: SCOPE }), PERSON);
  const auth = { client_id: client.id, client_secret: client.secret };
  const tokens = await send({ url }, "/oauth/token", {
    ...auth,
    grant_type: "authorization_code",
    redirect_uri: CALLBACK,
    code: back.searchParams.get("code") ?? "",
    code_verifier: PKCE.verifier,
  });
  const token = tokens.access_token ?? "";
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    readonly sub: string;
  };
  const headers = { authorization: `Bearer ${token}` };
  return {
    app,
    url,
    token,
    userId: claims.sub,
    status: async () => (await fetch(`${url}/api/v1/oauth/grants`, { headers })).status,
    refresh: async () => {
      const form = {
        ...auth,
        grant_type: "refresh_token",
        refresh_token: tokens.refresh_token ?? "",
      };
      return (await send({ url }, "/oauth/token", form)).status;
    },
  };
}

/** Within a second, as every process hears of it. */
const ends = (status: () => Promise<number>): Promise<void> =>
  vi.waitFor(async () => expect(await status()).toBe(401), { timeout: 1_500 });

test("a token ends with its user's sessions, and cannot be refreshed", async () => {
  const { app, status, refresh, userId } = await signIn();
  expect(await status()).toBe(200);
  const ada = app.as({ kind: "user", subject: userId, userId, permissions: [] });
  const ended = await ada.delete("/sessions");
  expect(ended.status, ended.text).toBeLessThan(300);
  await ends(status);
  expect(await refresh()).toBe(400);
  await app.stop();
});

test("a token ends with its user's account", async () => {
  const { app, status, refresh, userId } = await signIn();
  expect(await status()).toBe(200);
  const operator = { permissions: ["*"], instancePermissions: ["*"] };
  const gone = await app.as(operator).delete(`/admin/users/${userId}`);
  expect(gone.status, gone.text).toBeLessThan(300);
  await ends(status);
  expect(await refresh()).toBe(400);
  await app.stop();
});
