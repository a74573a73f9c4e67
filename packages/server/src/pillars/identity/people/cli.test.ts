import { describeStore } from "portico/testing";
import type { TestApp } from "portico/testing";
import { expect, it } from "vitest";
import { bench, code } from "./people-app.fixture.ts";

interface Output {
  readonly data: unknown;
  readonly text: string;
  readonly hint?: string;
}

/** Runs `portico admin <name>` within the app. */
function runVerb(
  app: TestApp,
  name: string,
  given: { readonly options?: Readonly<Record<string, string>>; readonly username?: string } = {},
): Promise<Output> {
  const found = app.cliVerbs().find(({ verb }) => verb.noun === "admin" && verb.verb === name);
  if (found === undefined) throw new TypeError(`no verb admin ${name}`);
  const { options = {}, username } = given;
  const input = { arguments: username === undefined ? {} : { username }, options };
  return found.verb.run(found.ctx, input, () => undefined);
}

describeStore("portico admin", (_open, kind) => {
  it("create makes somebody who may do everything, with a password that is printed once", async () => {
    await using it = await bench(kind);
    const { data, text } = await runVerb(it.app, "create", { options: { email: "a@example.com" } });
    const { id, username, password } = data as Record<string, string>;
    expect(username).toBe("admin");
    expect(text).toContain(password);
    expect(await it.people.find(id ?? "")).toMatchObject({
      instancePermissions: ["*"],
      state: "active",
    });
    const login = { username: "admin", password: password ?? "", address: "192.0.2.1" };
    expect((await it.people.checkPassword(login)).id).toBe(id);
    await expect(runVerb(it.app, "create")).rejects.toMatchObject({
      code: "identity.usernameTaken",
    });
    expect(
      (await runVerb(it.app, "create", { options: { username: "second" } })).data,
    ).toBeTruthy();
  });

  it("recover prints a link, good once, and names the folder it belongs to", async () => {
    await using it = await bench(kind);
    const made = await runVerb(it.app, "create");
    const { id, password: old } = made.data as Record<string, string>;
    const { data, text, hint } = await runVerb(it.app, "recover");
    expect(data).toMatchObject({ username: "admin", link: text, dataFolder: null });
    expect(hint).toContain("memory");
    const token = new URL(text).searchParams.get("token");
    const password = "a longer walk by the sea";
    const reset = (): ReturnType<typeof it.send> =>
      it.send("POST", "/auth/password/reset", { body: { token, password } });
    expect((await reset()).status).toBe(204);
    expect(code(await reset())).toBe("identity.badToken");
    expect(it.neighbours.ended).toContainEqual({ userId: id });
    const login = { username: "admin", address: "192.0.2.1" };
    expect((await it.people.checkPassword({ ...login, password })).id).toBe(id);
    await expect(it.people.checkPassword({ ...login, password: old ?? "" })).rejects.toMatchObject({
      code: "identity.badCredentials",
    });
    await expect(runVerb(it.app, "recover", { username: "nobody" })).rejects.toMatchObject({
      code: "identity.badPersonOption",
    });
  });
});
