import { expect, it } from "vitest";
import { Problem, problem } from "portico/kernel";
import { describeStore } from "portico/testing";
import { bench, codeOf, PASSWORD, told, types } from "./factor-app.fixture.ts";

const ADA = "user_ada";

describeStore("setting an app up", (_open, kind) => {
  it("is asked for at sign-in from its confirmation on, until it is removed; told on the log, in the audit and by mail", async () => {
    await using room = await bench(kind, { mfa: { issuer: "Acme Ltd" } });
    const client = room.as(ADA);
    const steps: unknown[] = [];
    const note = async (): Promise<void> => {
      const { totp } = (await client.get("/auth/mfa")).json() as { totp: { state: string } };
      steps.push([totp.state, await room.factors.needed(ADA)]);
    };
    await note();
    const made = await client.post("/auth/mfa/totp", { password: PASSWORD });
    expect(made.json()).toMatchObject({
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/) as string,
      uri: expect.stringMatching(/^otpauth:\/\/totp\/Acme%20Ltd:ada\?/) as string,
    });
    await note();
    const { secret } = made.json() as { readonly secret: string };
    const code = codeOf(secret, room.clock);
    const confirmed = await client.post("/auth/mfa/totp/confirm", { code });
    expect(confirmed.status).toBe(200);
    await note();
    const removed = await room.remove(ADA, { password: PASSWORD });
    expect(removed.status).toBe(204);
    await note();
    expect(steps).toEqual([
      ["none", false],
      ["pending", false],
      ["active", true],
      ["none", false],
    ]);
    expect(await types(room)).toEqual(["user.factorAdded", "user.factorRemoved"]);
    expect(room.mails.map(({ to, template }) => [to, template])).toEqual([
      [`${ADA}@example.com`, "factorAdded"],
      [`${ADA}@example.com`, "factorRemoved"],
    ]);
    for (const { values } of room.mails)
      expect(values).toMatchObject({ factor: "Authenticator app", name: "ada" });
    const { rows } = await room.app.spine.hub.driver.query({
      sql: "select * from audit_entries",
      parameters: [],
    });
    const audited = JSON.stringify(rows);
    for (const action of ["mfa.enrolTotp", "mfa.confirmTotp", "mfa.removeTotp"]) {
      expect(audited).toContain(action);
    }
    for (const hidden of [secret, PASSWORD, code]) expect(audited).not.toContain(hidden);
  });

  it("is told on the log of each organization of the person", async () => {
    await using room = await bench(kind);
    const { codes } = await room.enrolled("user_eve");
    expect(await room.factors.verify("user_eve", codes[0] ?? "")).toBe(true);
    await room.remove("user_eve", { password: PASSWORD });
    await room.settled();
    for (const organization of ["default", "other"]) {
      const events = await room.app.events(organization);
      expect(events.map(({ type, subject }) => [type, subject])).toEqual([
        ["user.factorAdded", "user_eve"],
        ["user.recoveryCodeUsed", "user_eve"],
        ["user.factorRemoved", "user_eve"],
      ]);
    }
  });

  it("401: takes the password again for every change, and changes nothing without", async () => {
    await using room = await bench(kind);
    const { secret, codes } = await room.enrolled(ADA);
    const client = room.as(ADA);
    const wrong = { password: "another" };
    expect(told(await room.as("user_eve").post("/auth/mfa/totp", wrong))).toEqual([
      401,
      "identity.badCredentials",
    ]);
    expect(told(await client.post("/auth/mfa/recovery-codes", wrong))).toEqual([
      401,
      "identity.badCredentials",
    ]);
    expect(told(await room.remove(ADA, wrong))).toEqual([401, "identity.badCredentials"]);
    expect((await room.remove(ADA, {})).status).toBe(422);
    expect(await room.factors.needed("user_eve")).toBe(false);
    expect(await room.factors.verify(ADA, codeOf(secret, room.clock))).toBe(true);
    expect(await room.factors.verify(ADA, codes[0] ?? "")).toBe(true);
  });

  it("409: replaces no app that is confirmed, confirms nothing twice, and removes nothing that is not there", async () => {
    await using room = await bench(kind);
    const client = room.as(ADA);
    const again = { password: PASSWORD };
    expect(told(await client.post("/auth/mfa/totp/confirm", { code: "123456" }))).toEqual([
      409,
      "identity.noFactor",
    ]);
    expect(told(await client.post("/auth/mfa/recovery-codes", again))).toEqual([
      409,
      "identity.noFactor",
    ]);
    expect(told(await room.remove(ADA, again))).toEqual([409, "identity.noFactor"]);
    const { secret } = await room.enrolled(ADA);
    expect(told(await client.post("/auth/mfa/totp", again))).toEqual([
      409,
      "identity.factorActive",
    ]);
    const code = codeOf(secret, room.clock);
    expect(told(await client.post("/auth/mfa/totp/confirm", { code }))).toEqual([
      409,
      "identity.factorActive",
    ]);
    expect(await room.factors.verify(ADA, code)).toBe(true);
  });

  it("is over after half an hour, and is confirmed by the newest secret only", async () => {
    await using room = await bench(kind);
    const client = room.as(ADA);
    const enrol = async (): Promise<string> => {
      const made = await client.post("/auth/mfa/totp", { password: PASSWORD });
      return (made.json() as { readonly secret: string }).secret;
    };
    const [first, second] = [await enrol(), await enrol()];
    const confirm = (secret: string): ReturnType<typeof client.post> =>
      client.post("/auth/mfa/totp/confirm", { code: codeOf(secret, room.clock) });
    expect(told(await confirm(first))).toEqual([422, "identity.badCode"]);
    await room.clock.advance(30 * 60_000 + 1);
    expect(told(await confirm(second))).toEqual([409, "identity.enrolmentOver"]);
    expect(await room.factors.needed(ADA)).toBe(false);
    expect((await confirm(await enrol())).status).toBe(200);
  });

  it("makes one set of recovery codes of two confirmations at once", async () => {
    await using room = await bench(kind);
    const client = room.as(ADA);
    const made = await client.post("/auth/mfa/totp", { password: PASSWORD });
    const { secret } = made.json() as { readonly secret: string };
    const both = await Promise.all(
      [0, 1].map((steps) =>
        client.post("/auth/mfa/totp/confirm", { code: codeOf(secret, room.clock, steps) }),
      ),
    );
    expect(both.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    expect(await room.factors.state(ADA)).toMatchObject({ recoveryCodesLeft: 10 });
    expect(await types(room)).toEqual(["user.factorAdded"]);
  });

  it.each([
    { kind: "key", subject: "key_1", permissions: ["*"], instancePermissions: ["*"] },
    { kind: "key", subject: "key_1", userId: ADA, permissions: ["*"] },
    { kind: "user", subject: "someone", permissions: ["*"] },
    { kind: "user", subject: ADA, userId: ADA, impersonator: "user_admin" },
  ] as const)("403: is a person's own, and not of %j", async (caller) => {
    await using room = await bench(kind);
    const client = room.app.as(caller);
    const answers = [
      await client.get("/auth/mfa"),
      await client.post("/auth/mfa/totp", { password: PASSWORD }),
      await client.post("/auth/mfa/totp/confirm", { code: "123456" }),
      await client.post("/auth/mfa/recovery-codes", { password: PASSWORD }),
    ];
    for (const answer of answers) expect(told(answer)).toEqual([403, "identity.factorsOfPerson"]);
    expect(await room.factors.state(ADA)).toMatchObject({ totp: "none" });
  });
});

describeStore("the mail of a change", (_open, kind) => {
  it("goes to nobody whose address is not known to be theirs", async () => {
    await using room = await bench(kind);
    for (const id of ["user_silent", "user_new", ADA]) await room.enrolled(id);
    await room.settled();
    expect(room.mails.map(({ to }) => to)).toEqual([`${ADA}@example.com`]);
  });

  it("is tried again where the server is away, and given up where it refuses for good", async () => {
    await using room = await bench(kind);
    room.refuseMail(new Problem("mail.unavailable", problem(502, "later")));
    await room.enrolled(ADA);
    const asked = async (): Promise<number> => {
      await room.clock.advance(1_000);
      return room.asked();
    };
    await expect.poll(asked, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(room.mails).toEqual([]);
    room.refuseMail(undefined);
    const before = room.asked();
    await expect.poll(asked, { timeout: 20_000 }).toBeGreaterThan(before);
    expect(room.mails).toHaveLength(1);
    room.refuseMail(new Problem("mail.refused", problem(422, "no such mailbox")));
    await room.remove(ADA, { password: PASSWORD });
    await room.settled();
    const failed = (await room.app.events()).filter(({ type }) => type === "job.failed");
    expect(failed).toHaveLength(1);
    expect(room.mails).toHaveLength(1);
  });
});
