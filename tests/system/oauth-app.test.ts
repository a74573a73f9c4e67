// The example of a third-party application, run as a reader runs it, and used by a browser without scripts.
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/run.ts";
import { Browser } from "../../packages/server/src/pillars/oauth/oauth-app.fixture.ts";
import { launch, openFolder } from "./portico-process.ts";

const START = join(root, "examples/oauth-app/start.ts");

test("the example signs a user in and reads an API behind the gateway with the token", async () => {
  await using folder = await openFolder();
  await using example = launch([process.execPath, START], {
    cwd: folder.path,
    env: { PORT: "0", PORTICO_DATA: join(folder.path, "data") },
  });
  const [, app = ""] = await example.says(/(http:\/\/\S+) +an application/);
  const [, api = ""] = await example.says(/(http:\/\/\S+\/notes) +the notes API/);
  expect((await fetch(api)).status).toBe(401);
  const portico = new URL(api).origin;
  const visitor = new Browser(app);
  const toSignIn = await visitor.follow("/sign-in");
  expect(toSignIn.url).toContain(`${portico}/oauth/authorize`);
  const atPortico = new Browser(portico);
  const back = await atPortico.authorize(toSignIn.url, {
    username: "ada",
    password: "orbit tulip ledger",
  });
  const page = await visitor.follow(back);
  expect(page.text).toContain("Notes of Ada");
  expect(page.text).toContain("Buy milk");
  example.signal("SIGTERM");
  expect((await example.ended).code).toBe(0);
});
