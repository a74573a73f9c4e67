import { isProblem } from "portico/kernel";
import { describeStore } from "portico/testing";
import { describe, expect, it } from "vitest";
import { Identity } from "../capability.ts";
import type { PasswordLogin, PeopleFace } from "./face.ts";
import { readPhc } from "./phc.ts";
import { bench, PASSWORD } from "./people-app.fixture.ts";
import type { PeopleTables } from "./tables.ts";

const ADDRESS = "192.0.2.7";
const client = { address: ADDRESS, isHttps: true, headers: {} };

interface Refused {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly waitSeconds: number;
}

/** How a try at a password was refused; undefined when it was right. */
async function refusal(
  people: PeopleFace,
  login: Partial<PasswordLogin>,
): Promise<Refused | undefined> {
  try {
    await people.checkPassword({
      username: "ada",
      password: "wrong one",
      address: ADDRESS,
      ...login,
    });
    return undefined;
  } catch (error) {
    if (!isProblem(error)) throw error;
    const { code, status, message, options } = error;
    return { code, status, message, waitSeconds: Number(options.headers?.["retry-after"] ?? 0) };
  }
}

/** Another address each time. */
function addressOf(index: number): string {
  return `198.51.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}

describeStore("checking passwords", (_open, kind) => {
  it("knows a person by either name, however it is written, and by no other password", async () => {
    await using it = await bench(kind);
    const ada = await it.person("Ada", { email: "Ada@Example.com" });
    for (const login of [{ username: "Ada" }, { username: "aDA" }, { email: "ada@example.COM" }]) {
      const login_ = { ...login, password: PASSWORD, address: ADDRESS };
      expect((await it.people.checkPassword(login_)).id).toBe(ada.id);
    }
    for (const password of [
      "",
      PASSWORD.toUpperCase(),
      `${PASSWORD} `,
      "x".repeat(5_000),
      "\ud800",
    ])
      expect(await refusal(it.people, { password })).toMatchObject({
        code: "identity.badCredentials",
      });
  });

  it("answers alike, with as many hashes, whether there is an account, a password, or neither", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada", { email: "ada@example.com" });
    await it.person("eve");
    const eve = await it.people.checkPassword({ username: "eve", password: PASSWORD, address: "" });
    await it.send("PUT", `/admin/users/${eve.id}`, {
      body: { state: "suspended" },
      instancePermissions: ["*"],
    });
    const origin = it.app.context("identity").newOrigin("test");
    await it.app
      .context("identity")
      .store.transaction({ scope: "instance", origin }, (tx) =>
        it.people.create({ username: "social", displayName: "", email: null }, tx),
      );
    const answers = [];
    for (const login of [
      { username: "ada", password: "wrong one" },
      { username: "nobody", password: "wrong one" },
      { username: "eve", password: PASSWORD },
      { username: "eve", password: "wrong one" },
      { username: "social", password: "" },
      { email: "ada@example.com", username: undefined as never, password: "wrong one" },
      { email: "nobody@example.com", username: undefined as never },
      { username: "\0", password: "wrong one" },
      { username: "ada", password: "y".repeat(10_000) },
    ]) {
      const before = await it.hashes();
      const refused = await refusal(it.people, login);
      answers.push({ ...refused, hashes: (await it.hashes()) - before });
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ code: "identity.badCredentials", status: 401, hashes: 1 });
    expect((await it.people.find(ada.id))?.state).toBe("active");
  });

  it("slows an account that is guessed at from a hundred addresses, and nobody else", async () => {
    await using it = await bench(kind);
    await it.person("ada");
    await it.person("grace");
    const before = await it.hashes();
    const refusals = [];
    for (let index = 0; index < 100; index += 1) {
      refusals.push(await refusal(it.people, { address: addressOf(index) }));
    }
    expect(refusals.filter((each) => each?.code === "identity.badCredentials")).toHaveLength(10);
    expect(refusals.at(-1)).toMatchObject({ code: "identity.tooManyAttempts", status: 429 });
    expect((await it.hashes()) - before).toBe(10);
    // The right password is not told to who has to wait, and waits no longer than anybody.
    expect(await refusal(it.people, { password: PASSWORD })).toMatchObject({
      code: "identity.tooManyAttempts",
    });
    expect(await refusal(it.people, { username: "grace", password: PASSWORD })).toBeUndefined();
    const grown = [];
    for (let round = 0; round < 14; round += 1) {
      const { waitSeconds = 0 } = (await refusal(it.people, {})) ?? {};
      grown.push(waitSeconds);
      await it.clock.advance(waitSeconds * 1_000);
      await refusal(it.people, {});
    }
    expect(grown.slice(0, 5)).toEqual([1, 2, 4, 8, 16]);
    expect(Math.max(...grown)).toBe(900);
    // Never locked: the wait ends, and the count with the right password.
    await it.clock.advance(900_000);
    expect(await refusal(it.people, { password: PASSWORD })).toBeUndefined();
    expect(await refusal(it.people, {})).toMatchObject({ code: "identity.badCredentials" });
  });

  it("slows guesses at names that nobody has just as much", async () => {
    await using it = await bench(kind, { guessesFree: 3 });
    await it.person("ada");
    const codes = async (username: string): Promise<unknown[]> => {
      const seen = [];
      for (let index = 0; index < 5; index += 1) {
        seen.push(await refusal(it.people, { username, address: addressOf(index) }));
      }
      return seen;
    };
    expect(await codes("ada")).toEqual(await codes("nobody"));
  });

  it("counts tries at the same time one by one, in every process", async () => {
    await using it = await bench(kind, { guessesFree: 4, hashesWaitingMax: 100 });
    await it.person("ada");
    const second =
      kind === "postgres"
        ? (await it.second()).context("identity").get(Identity).people
        : it.people;
    const all = await Promise.all(
      Array.from({ length: 20 }, (_each, index) =>
        refusal(index % 2 === 0 ? it.people : second, { address: addressOf(index) }),
      ),
    );
    expect(all.filter((each) => each?.code === "identity.badCredentials")).toHaveLength(4);
    expect(all.filter((each) => each?.code === "identity.tooManyAttempts")).toHaveLength(16);
  });

  it("slows one address over many names, and one IPv6 network as one address", async () => {
    await using it = await bench(kind, { guessesFreePerAddress: 10 });
    await it.person("ada");
    const codes = [];
    for (let index = 0; index < 12; index += 1) {
      const address = `2001:db8:0:7::${index.toString(16)}`;
      codes.push((await refusal(it.people, { username: `name${index}`, address }))?.code);
    }
    expect(codes.slice(0, 10)).toEqual(Array(10).fill("identity.badCredentials"));
    expect(codes.slice(10)).toEqual(Array(2).fill("identity.tooManyAttempts"));
    const elsewhere = { password: PASSWORD, address: "2001:db8:0:8::1" };
    expect(await refusal(it.people, elsewhere)).toBeUndefined();
  });

  it("lets the owner in from a known device while strangers are slowed, and a device of nobody else", async () => {
    await using it = await bench(kind, { guessesFree: 3 });
    const ada = await it.person("ada");
    const eve = await it.person("eve");
    const knownDevice = it.people.deviceToken(ada.id, client).token;
    for (let index = 0; index < 5; index += 1) {
      await refusal(it.people, { address: addressOf(index) });
    }
    const slowed = { code: "identity.tooManyAttempts" };
    expect(await refusal(it.people, { password: PASSWORD })).toMatchObject(slowed);
    expect(await refusal(it.people, { password: PASSWORD, knownDevice })).toBeUndefined();
    const others = it.people.deviceToken(eve.id, client).token;
    const forged = `${knownDevice.slice(0, -1)}${knownDevice.endsWith("A") ? "B" : "A"}`;
    for (const token of [others, forged, "dev_", knownDevice.replace(ada.id, eve.id)]) {
      const login = { password: PASSWORD, knownDevice: token };
      expect(await refusal(it.people, login)).toMatchObject(slowed);
    }
    // The exemption is no way to guess: it has a count of its own.
    const codes = [];
    for (let index = 0; index < 5; index += 1) {
      codes.push((await refusal(it.people, { knownDevice, address: addressOf(index) }))?.code);
    }
    expect(codes.filter((code) => code === "identity.badCredentials")).toHaveLength(3);
  });

  it("finds the device again in a header or in a cookie", async () => {
    await using it = await bench(kind);
    const { token, cookie } = it.people.deviceToken("user_1", client);
    expect(cookie).toMatch(/^__Host-portico-device=.*; HttpOnly; SameSite=Lax; Secure$/);
    const sent = `a=b; ${cookie.split(";", 1)[0] ?? ""}; c=d`;
    expect(it.people.deviceIn({ ...client, headers: { cookie: sent } })).toBe(token);
    expect(it.people.deviceIn({ ...client, headers: { "portico-device": token } })).toBe(token);
    expect(it.people.deviceIn({ ...client, headers: { cookie: "x-portico-device=1" } })).toBe(
      undefined,
    );
  });

  it("hashes a password anew at the next sign-in when the figures have changed, once", async () => {
    await using it = await bench(kind, { passwordPasses: 3 });
    const ada = await it.person("ada");
    const store = it.app.context("identity").store;
    const stored = async (): Promise<string> => {
      const db = store.read("instance").db<PeopleTables>();
      const select = db.selectFrom("identity_people").select("password_hash");
      return (await select.where("id", "=", ada.id).executeTakeFirstOrThrow()).password_hash ?? "";
    };
    expect(readPhc(await stored())).toMatchObject({ memory: 19_456, passes: 3, parallelism: 1 });
    // Made by the reference implementation: m=65536, t=2, of "password".
    const old =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    const origin = it.app.context("identity").newOrigin("test");
    await store.transaction({ scope: "instance", origin }, async (tx) => {
      await tx
        .db<PeopleTables>()
        .updateTable("identity_people")
        .set({ password_hash: old })
        .where("id", "=", ada.id)
        .execute();
    });
    expect(await refusal(it.people, { password: "Password" })).toBeDefined();
    expect(await stored()).toBe(old);
    expect(await refusal(it.people, { password: "password" })).toBeUndefined();
    const renewed = await stored();
    expect(readPhc(renewed)).toMatchObject({ memory: 19_456, passes: 3 });
    expect(await refusal(it.people, { password: "password" })).toBeUndefined();
    expect(await stored()).toBe(renewed);
  });

  it("refuses beyond its queue at once, so that a storm of sign-ins holds up nothing else", async () => {
    await using it = await bench(kind, { hashesAtOnce: 1, hashesWaitingMax: 3 });
    await it.person("ada");
    const all = await Promise.all(
      Array.from({ length: 30 }, (_each, index) =>
        refusal(it.people, { username: `name${index}`, address: addressOf(index) }),
      ),
    );
    const busy = all.filter((each) => each?.code === "identity.busy");
    expect(busy.length).toBeGreaterThan(10);
    expect(busy[0]).toMatchObject({ status: 503, waitSeconds: 2 });
    expect(await refusal(it.people, { password: PASSWORD })).toBeUndefined();
  });
});

describe("the form of hashes", () => {
  it("reads nothing but Argon2id in PHC form", () => {
    for (const text of [
      "",
      "$2b$10$abcdefghijklmnopqrstuv",
      "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      "$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$",
    ]) {
      expect(readPhc(text)).toBeUndefined();
    }
  });
});
