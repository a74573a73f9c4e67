import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { bench, code, PASSWORD } from "../people-app.fixture.ts";

interface Registered {
  readonly accessToken: string;
  readonly user: { readonly id: string };
}

describeStore("POST /auth/register", (_open, kind) => {
  it("201: makes an account, a member and a session in one go, and tells of it", async () => {
    await using it = await bench(kind);
    const reply = await it.register({ email: "Ada@Example.com", displayName: "Ada Lovelace" });
    expect(reply.status).toBe(201);
    const { user, ...tokens } = reply.json() as Registered;
    expect(tokens).toEqual({ accessToken: "at", refreshToken: "rt", expiresIn: 600 });
    expect(user).toMatchObject({
      id: expect.stringMatching(/^user_[0-9a-z]{26}$/),
      username: "ada",
      displayName: "Ada Lovelace",
      email: "Ada@Example.com",
      emailVerified: false,
      state: "active",
      instancePermissions: [],
    });
    expect(it.neighbours.members).toContainEqual({
      organization: "default",
      userId: user.id,
      roles: ["member"],
    });
    expect([reply.headers["set-cookie"]].flat()).toEqual([
      expect.stringMatching(/^portico-device=dev_user_.*; HttpOnly; SameSite=Lax$/),
    ]);
    await it.settled();
    expect(await it.app.events()).toMatchObject([
      { type: "user.created", subject: user.id, data: { id: user.id, username: "ada" } },
    ]);
    expect(it.mails).toMatchObject([{ to: "Ada@Example.com", template: "verifyEmail" }]);
  });

  it("201: ten registrations of one name at the same time make one account", async () => {
    await using it = await bench(kind);
    const all = await Promise.all(
      Array.from({ length: 10 }, (_each, index) =>
        it.register({ username: index % 2 === 0 ? "grace" : "GRACE" }),
      ),
    );
    expect(all.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const reply of all.filter(({ status }) => status !== 201)) {
      expect([reply.status, code(reply)]).toEqual([409, "identity.usernameTaken"]);
    }
  });

  it("409: refuses a name that looks like another", async () => {
    await using it = await bench(kind);
    expect((await it.register({ username: "paypal" })).status).toBe(201);
    for (const username of [
      "PayPal",
      "раураl",
      "paypa1",
      "PAYPAL",
      "рaypal",
      "ｐａｙｐａｌ",
      "admin",
      "аdmin",
    ]) {
      const reply = await it.register({ username });
      expect([username, reply.status, code(reply)]).toEqual([
        username,
        409,
        "identity.usernameTaken",
      ]);
    }
    expect((await it.register({ username: "rené" })).status).toBe(201);
    expect((await it.register({ username: "rene" })).status).toBe(201);
  });

  it("201: answers the same for an address that another account has, and writes to its owner", async () => {
    await using it = await bench(kind);
    const email = "ada@example.com";
    const first = await it.person("ada", { email });
    await it.settled();
    const link = new URL(it.mails[0]?.values["link"] ?? "");
    const verified = await it.app.inject({
      method: "POST",
      url: "/api/v1/auth/email/verify",
      body: { token: link.searchParams.get("token") },
    });
    expect(verified.status).toBe(204);
    const [fresh, taken] = [
      await it.register({ username: "bob", email: "bob@example.com" }),
      await it.register({ username: "carl", email: "ADA@example.com" }),
    ];
    expect([fresh.status, taken.status]).toEqual([201, 201]);
    const shape = (value: unknown): string[] => Object.keys(value as object);
    expect(shape((taken.json() as Registered).user)).toEqual(
      shape((fresh.json() as Registered).user),
    );
    await it.settled();
    const written = new Map(it.mails.slice(1).map(({ to, template }) => [to, template]));
    expect(Object.fromEntries(written)).toEqual({
      "ADA@example.com": "emailTaken",
      "bob@example.com": "verifyEmail",
    });
    expect((await it.people.findByEmail("Ada@Example.com"))?.id).toBe(first.id);
  });

  it("403: nobody registers where it is closed, and by invitation only who has one", async () => {
    await using closed = await bench(kind, { registration: "closed" });
    expect(code(await closed.register())).toBe("identity.registrationClosed");
    expect(code(await closed.register({ invitation: "acme" }))).toBe("identity.registrationClosed");
    await using invited = await bench(kind, { registration: "invitation" });
    expect(code(await invited.register())).toBe("identity.registrationClosed");
    expect((await invited.register({ invitation: "acme" })).status).toBe(201);
    await invited.settled();
    expect(await invited.app.events("acme")).toMatchObject([{ type: "user.created" }]);
    expect(await invited.app.events()).toEqual([]);
  });

  it("422: says what is wrong with what was given", async () => {
    await using it = await bench(kind, { emailRequired: true });
    const email = "a@b.example";
    for (const [expected, body] of [
      ["identity.emailNeeded", {}],
      ["identity.badEmail", { email: "a b@example.com" }],
      ["identity.badEmail", { email: "a@b@example.com" }],
      ["identity.badEmail", { email: "a\r\nBcc: x@example.com" }],
      ["request.invalid", { email: `${"a".repeat(250)}@example.com` }],
      ["identity.badUsername", { email, username: ".ada" }],
      ["identity.badUsername", { email, username: "a da" }],
      ["identity.badUsername", { email, username: "ada\u200b" }],
      ["identity.badUsername", { email, username: "ada\u202e" }],
      ["request.invalid", { email, username: "a" }],
      ["request.invalid", { email, displayName: "Ada\nLovelace" }],
      ["request.invalid", { email, instancePermissions: ["*"] }],
      ["request.invalid", { email, emailVerified: true }],
      ["identity.weakPassword", { email, password: "short" }],
      ["identity.weakPassword", { email, password: "x".repeat(257) }],
      ["identity.weakPassword", { email, password: "password" }],
      ["identity.weakPassword", { email, password: "Password2026!" }],
      ["identity.weakPassword", { email, password: "aaaaaaaaaaaa" }],
      ["identity.weakPassword", { email, password: "A@B.example" }],
      ["identity.weakPassword", { email, username: "augusta.ada", password: "Augusta.Ada" }],
    ] as const) {
      const reply = await it.register(body);
      expect([body, reply.status, code(reply)]).toEqual([body, 422, expected]);
    }
    expect((await it.register({ email, password: "🔑".repeat(128) + "ab" })).status).toBe(201);
    expect(it.neighbours.opened).toHaveLength(2);
  });

  it("503: refuses who comes when the queue for hashing is full, and serves the others", async () => {
    await using it = await bench(kind, { hashesAtOnce: 1, hashesWaitingMax: 2 });
    const all = await Promise.all(
      Array.from({ length: 8 }, (_each, index) => it.register({ username: `ada${index}x` })),
    );
    const busy = all.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(0);
    expect(all.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(3);
    for (const reply of busy) {
      expect([code(reply), reply.headers["retry-after"]]).toEqual(["identity.busy", "2"]);
    }
    expect((await it.register({ username: "later", password: PASSWORD })).status).toBe(201);
  });
});
