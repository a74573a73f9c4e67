import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { bench, code, PASSWORD } from "../people-app.fixture.ts";
import type { Bench } from "../people-app.fixture.ts";

const NEW = "a longer walk by the sea";
const email = "ada@example.com";

/** Asks for a link and takes it out of the mail. */
async function forgot(it: Bench, body: object = { email }): Promise<string> {
  expect((await it.send("POST", "/auth/password/forgot", { body })).status).toBe(204);
  await it.settled();
  return it.mailed("resetPassword");
}

async function signsIn(it: Bench, password: string): Promise<boolean> {
  try {
    await it.people.checkPassword({ username: "ada", password, address: "203.0.113.9" });
    return true;
  } catch {
    return false;
  }
}

describeStore("a forgotten password", (_open, kind) => {
  it("is replaced with the mailed link, which ends every session and shows the address to be theirs", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada", { email });
    const token = await forgot(it);
    expect(it.mails).toContainEqual({
      to: email,
      template: "resetPassword",
      values: expect.objectContaining({ name: "ada", minutes: "30" }),
      id: expect.stringMatching(/^job_/),
    });
    const reply = await it.send("POST", "/auth/password/reset", { body: { token, password: NEW } });
    expect(reply.status).toBe(204);
    expect(it.neighbours.ended).toContainEqual({ userId: ada.id });
    expect([await signsIn(it, NEW), await signsIn(it, PASSWORD)]).toEqual([true, false]);
    expect((await it.people.find(ada.id))?.isEmailVerified).toBe(true);
    await it.settled();
    expect(it.mails.at(-1)).toMatchObject({ to: email, template: "passwordChanged" });
    const types = (await it.app.events()).map(({ type }) => type);
    expect(types).toEqual(["user.created", "user.passwordChanged"]);
  });

  it("is replaced once: five uses of one link at the same time set one password", async () => {
    await using it = await bench(kind, { hashesWaitingMax: 100 });
    await it.person("ada", { email });
    const token = await forgot(it);
    const all = await Promise.all(
      Array.from({ length: 5 }, (_each, index) =>
        it.send("POST", "/auth/password/reset", { body: { token, password: `${NEW} ${index}` } }),
      ),
    );
    const good = all.flatMap(({ status }, index) => (status === 204 ? [index] : []));
    expect(good, all.map(({ status, text }) => `${status} ${text}`).join("\n")).toHaveLength(1);
    for (const reply of all.filter(({ status }) => status !== 204)) {
      expect([reply.status, code(reply)]).toEqual([422, "identity.badToken"]);
    }
    expect(await signsIn(it, `${NEW} ${good[0]}`)).toBe(true);
    const again = await it.send("POST", "/auth/password/reset", { body: { token, password: NEW } });
    expect(code(again)).toBe("identity.badToken");
  });

  it("answers the same, without a hash or a look, for an account that is not there", async () => {
    await using it = await bench(kind);
    await it.person("ada", { email });
    await it.settled();
    const before = [it.mails.length, await it.hashes()];
    for (const body of [
      { email: "nobody@example.com" },
      { username: "nobody" },
      { email: "ada@example.com\r\nBcc: eve@example.com" },
    ]) {
      const reply = await it.send("POST", "/auth/password/forgot", { body });
      expect([reply.status, reply.text]).toEqual([204, ""]);
    }
    await it.settled();
    expect([it.mails.length, await it.hashes()]).toEqual(before);
  });

  it("sends three links at most while they are good, and spoils none of them", async () => {
    await using it = await bench(kind);
    await it.person("ada", { email });
    await it.settled();
    const tokens = [];
    for (let index = 0; index < 5; index += 1) tokens.push(await forgot(it));
    expect(it.mails.filter(({ template }) => template === "resetPassword")).toHaveLength(3);
    const [token] = tokens;
    const reply = await it.send("POST", "/auth/password/reset", { body: { token, password: NEW } });
    expect(reply.status).toBe(204);
    for (const other of new Set(tokens.slice(1))) {
      const body = { token: other, password: PASSWORD };
      expect(code(await it.send("POST", "/auth/password/reset", { body }))).toBe(
        "identity.badToken",
      );
    }
  });

  it("refuses a link that is too old, made up, of the other kind, or whose owner is deleted", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada", { email });
    await it.settled();
    const verify = it.mailed();
    const token = await forgot(it);
    const refused = async (given: string): Promise<unknown> => {
      const body = { token: given, password: NEW };
      return code(await it.send("POST", "/auth/password/reset", { body }));
    };
    for (const given of [verify, `${token}a`, token.toLowerCase(), "x".repeat(43)]) {
      expect(await refused(given)).toBe("identity.badToken");
    }
    await it.clock.advance(30 * 60_000);
    expect(await refused(token)).toBe("identity.badToken");
    const fresh = await forgot(it);
    await it.send("DELETE", `/admin/users/${ada.id}`, { instancePermissions: ["*"] });
    expect(await refused(fresh)).toBe("identity.badToken");
  });

  it("keeps no token at rest: neither in a row nor in a job", async () => {
    await using it = await bench(kind);
    await it.person("ada", { email });
    const token = await forgot(it);
    for (const table of [
      "identity_links",
      "jobs_active",
      "jobs_ended",
      "log_events",
      "audit_entries",
    ]) {
      const sql = `select * from ${table}`;
      const { rows } = await it.database.driver
        .query({ sql, parameters: [] })
        .catch(() => ({ rows: [] }));
      expect(
        JSON.stringify(rows, (_key, value: unknown) =>
          typeof value === "bigint" ? String(value) : value,
        ),
      ).not.toContain(token);
    }
  });

  it("ends the wait of an account at which was guessed", async () => {
    await using it = await bench(kind, { guessesFree: 3 });
    await it.person("ada", { email });
    for (let index = 0; index < 4; index += 1) await signsIn(it, "wrong one");
    expect(await signsIn(it, PASSWORD)).toBe(false);
    const token = await forgot(it);
    await it.send("POST", "/auth/password/reset", { body: { token, password: NEW } });
    expect(await signsIn(it, NEW)).toBe(true);
  });
});

describeStore("POST /auth/password/change", (_open, kind) => {
  it("204: takes the present password, ends the other sessions and forgets known devices", async () => {
    await using it = await bench(kind, { guessesFree: 3 });
    const ada = await it.person("ada", { email });
    const client = { address: "203.0.113.9", isHttps: true, headers: {} };
    const knownDevice = it.people.deviceToken(ada.id, client).token;
    await it.clock.advance(1);
    const body = { currentPassword: PASSWORD, newPassword: NEW };
    expect((await it.send("POST", "/auth/password/change", { body, as: ada.id })).status).toBe(204);
    expect(it.neighbours.ended).toContainEqual({ userId: ada.id, except: "sess_1" });
    expect([await signsIn(it, NEW), await signsIn(it, PASSWORD)]).toEqual([true, false]);
    for (let index = 0; index < 4; index += 1) await signsIn(it, "wrong one");
    const login = { username: "ada", password: NEW, address: "203.0.113.9", knownDevice };
    await expect(it.people.checkPassword(login)).rejects.toMatchObject({
      code: "identity.tooManyAttempts",
    });
  });

  it("401, 429: refuses a wrong present password, and slows who guesses it with a stolen session", async () => {
    await using it = await bench(kind, { guessesFree: 3 });
    const ada = await it.person("ada");
    const codes = [];
    for (let index = 0; index < 5; index += 1) {
      const body = { currentPassword: "wrong one", newPassword: NEW };
      const address = `198.51.100.${index + 1}`;
      codes.push(
        code(await it.send("POST", "/auth/password/change", { body, as: ada.id, address })),
      );
    }
    expect(codes).toEqual([
      ...Array<string>(3).fill("identity.badCredentials"),
      ...Array<string>(2).fill("identity.tooManyAttempts"),
    ]);
    // The owner signs in meanwhile.
    expect(await signsIn(it, PASSWORD)).toBe(true);
  });

  it("422, 403: refuses a weak one, and a key that acts for a person", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada", { email });
    for (const newPassword of ["short", "ADA", email, "iloveyou2", "12345678"]) {
      const body = { currentPassword: PASSWORD, newPassword };
      const reply = await it.send("POST", "/auth/password/change", { body, as: ada.id });
      expect([reply.status, code(reply)]).toEqual([422, "identity.weakPassword"]);
    }
    const key = it.app.as({ kind: "key", subject: "key_1", userId: ada.id });
    const body = { currentPassword: PASSWORD, newPassword: NEW };
    expect(code(await key.post("/auth/password/change", body))).toBe("identity.notPerson");
    expect(code(await it.send("POST", "/auth/password/change", { body }))).toBe(
      "access.unauthenticated",
    );
  });
});
