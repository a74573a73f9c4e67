// Clients of other people's making, in another language: Authlib and requests-oauthlib, as Debian packages them.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bench, CALLBACK } from "../../packages/server/src/pillars/oauth/oauth-app.fixture.ts";

const PYTHON = "/usr/bin/python3";
const PROGRAM = fileURLToPath(new URL("fixtures/oauth_client.py", import.meta.url));

test("Authlib and requests-oauthlib sign a user in and use, refresh, introspect and revoke its tokens", async () => {
  await using server = await bench("sqlite");
  const client = await server.client();
  const user = ["ada", "correct horse battery"];
  const { stdout } = await promisify(execFile)(PYTHON, [
    PROGRAM,
    server.url,
    client.id,
    client.secret,
    CALLBACK,
    ...user,
  ]);
  expect(JSON.parse(stdout)).toEqual({
    authlib: {
      subject: "ada",
      nonce: "n-1",
      audience: client.id,
      clientOfToken: client.id,
      api: 200,
      isRotated: true,
      seen: true,
      gone: false,
      own: 200,
    },
    requestsOauthlib: { subject: "ada" },
  });
});
