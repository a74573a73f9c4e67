import { expect, it } from "vitest";
import { Problem, problem } from "portico/kernel";
import { describeStore } from "portico/testing";
import { bench, codeOf, PASSWORD, wrongCode } from "./factor-app.fixture.ts";
import type { Bench } from "./factor-app.fixture.ts";

const ADA = "user_ada";
const FREE = 10;

interface Answer {
  readonly status: number;
  json(): unknown;
}

function told({ status, json }: Answer): [number, unknown] {
  return [status, (json() as { readonly code?: unknown }).code];
}

async function types(app: Bench): Promise<readonly string[]> {
  await app.settled();
  return (await app.app.events()).map(({ type }) => type);
}

async function refusal(tried: Promise<unknown>): Promise<unknown> {
  return await tried.then(
    (value) => value,
    (error: unknown) => (error as Problem).code,
  );
}

describeStore("a one-time code", (_open, kind) => {
  it("is good once, five times at once: one is let through", async () => {
    await using room = await bench(kind);
    const { secret } = await room.enrolled(ADA);
    const processes = [room.factors, ...(kind === "postgres" ? [await room.second()] : [])];
    for (let round = 0; round < 5; round += 1) {
      const code = codeOf(secret, room.clock);
      const tries = Array.from({ length: 5 }, (_, n) =>
        (processes[n % processes.length] ?? room.factors).verify(ADA, code),
      );
      const results = await Promise.all(tries);
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(await room.factors.verify(ADA, code)).toBe(false);
      await room.clock.advance(30_000);
    }
  });

  it("is not good once a newer one was used, and the one that confirmed the app opens nothing", async () => {
    await using room = await bench(kind);
    const client = room.as(ADA);
    const made = await client.post("/auth/mfa/totp", { password: PASSWORD });
    const { secret } = made.json() as { readonly secret: string };
    const code = codeOf(secret, room.clock);
    expect((await client.post("/auth/mfa/totp/confirm", { code })).status).toBe(200);
    expect(await room.factors.verify(ADA, code)).toBe(false);
    const [before, next] = [codeOf(secret, room.clock, -1), codeOf(secret, room.clock, 1)];
    expect(await room.factors.verify(ADA, before)).toBe(false);
    expect(await room.factors.verify(ADA, next)).toBe(true);
    await room.clock.advance(30_000);
    expect(await room.factors.verify(ADA, next)).toBe(false);
  });

  it("is taken one step early and one step late, and no further", async () => {
    await using room = await bench(kind);
    const { secret } = await room.enrolled(ADA);
    await room.clock.advance(300_000);
    for (const [steps, isTaken] of [
      [-2, false],
      [2, false],
      [-1, true],
      [1, true],
    ] as const) {
      const code = codeOf(secret, room.clock, steps);
      expect([steps, await room.factors.verify(ADA, code)]).toEqual([steps, isTaken]);
    }
  });

  it("is one person's alone, and nobody's who has set nothing up", async () => {
    await using room = await bench(kind);
    const { secret } = await room.enrolled(ADA);
    await room.enrolled("user_eve");
    const code = codeOf(secret, room.clock);
    expect(await room.factors.verify("user_eve", code)).toBe(false);
    expect(await room.factors.verify("user_nobody", code)).toBe(false);
    expect(await room.factors.verify(ADA, ` ${code.slice(0, 3)} ${code.slice(3)} `)).toBe(true);
  });

  it.each(["", "12345", "1234567", "12345a", "１２３４５６", "'; --", "0".repeat(10_000)])(
    "is not %j",
    async (code) => {
      await using room = await bench(kind);
      await room.enrolled(ADA);
      expect(await room.factors.verify(ADA, code)).toBe(false);
    },
  );
});

describeStore("guessing one-time codes", (_open, kind) => {
  it("waits after ten wrong codes, twice as long each time, the right code too; and nobody is locked out", async () => {
    await using room = await bench(kind);
    const { secret } = await room.enrolled(ADA);
    const guess = (): Promise<unknown> =>
      refusal(room.factors.verify(ADA, wrongCode(secret, room.clock)));
    for (let n = 0; n < FREE; n += 1) expect(await guess()).toBe(false);
    const right = (): Promise<unknown> =>
      refusal(room.factors.verify(ADA, codeOf(secret, room.clock)));
    expect(await right()).toBe("identity.tooManyCodes");
    await room.clock.advance(29_000);
    expect(await right()).toBe("identity.tooManyCodes");
    await room.clock.advance(1_000);
    expect(await guess()).toBe(false);
    await room.clock.advance(59_000);
    expect(await right()).toBe("identity.tooManyCodes");
    await room.clock.advance(1_000);
    for (let n = 0; n < 20; n += 1) {
      expect(await guess()).toBe(false);
      await room.clock.advance(3_600_000);
    }
    expect(await right()).toBe(true);
    expect(await guess()).toBe(false);
    expect(await guess()).toBe(false);
  });

  it("is counted at a hundred tries at once as at a hundred in a row", async () => {
    await using room = await bench(kind);
    const { secret } = await room.enrolled(ADA);
    const code = wrongCode(secret, room.clock);
    const tries = await Promise.all(
      Array.from({ length: 100 }, () => refusal(room.factors.verify(ADA, code))),
    );
    expect(tries.filter((each) => each === false)).toHaveLength(FREE);
    expect(tries.filter((each) => each === "identity.tooManyCodes")).toHaveLength(100 - FREE);
  });

  it("slows the one person at whom is guessed, tells them once, and leaves recovery codes as they are", async () => {
    await using room = await bench(kind);
    const { secret, codes } = await room.enrolled(ADA);
    const eve = await room.enrolled("user_eve");
    for (let n = 0; n < FREE + 3; n += 1) {
      await refusal(room.factors.verify(ADA, wrongCode(secret, room.clock)));
    }
    expect(await room.factors.verify("user_eve", codeOf(eve.secret, room.clock))).toBe(true);
    expect(await room.factors.verify(ADA, codes[0] ?? "")).toBe(true);
    await room.settled();
    const guessed = room.mails.filter(({ template }) => template === "codesGuessed");
    expect(guessed).toMatchObject([{ to: `${ADA}@example.com` }]);
  });

  it("is not begun anew by setting the app up anew, and tells the time to wait", async () => {
    await using room = await bench(kind);
    const client = room.as(ADA);
    const enrol = (): ReturnType<typeof client.post> =>
      client.post("/auth/mfa/totp", { password: PASSWORD });
    await enrol();
    for (let n = 0; n < FREE; n += 1) {
      const answer = await client.post("/auth/mfa/totp/confirm", { code: "abcdef" });
      expect(told(answer)).toEqual([422, "identity.badCode"]);
    }
    const { secret } = (await enrol()).json() as { readonly secret: string };
    const code = codeOf(secret, room.clock);
    const answer = await client.post("/auth/mfa/totp/confirm", { code });
    expect(told(answer)).toEqual([429, "identity.tooManyCodes"]);
    expect(answer.headers["retry-after"]).toBe("30");
  });

  it("is not made easier by a clock that was set back, nor does that lock anybody out", async () => {
    await using room = await bench(kind);
    const { secret } = await room.enrolled(ADA);
    for (let n = 0; n < FREE; n += 1) {
      await room.factors.verify(ADA, wrongCode(secret, room.clock));
    }
    room.clock.set(room.clock.now() - 10 * 86_400_000);
    const answer = room.factors.verify(ADA, codeOf(secret, room.clock));
    await expect(answer).rejects.toMatchObject({ options: { params: { seconds: 3_600 } } });
  });
});

describeStore("a recovery code", (_open, kind) => {
  it("is good once, five times at once: one is let through", async () => {
    await using room = await bench(kind);
    const { codes } = await room.enrolled(ADA);
    const processes = [room.factors, ...(kind === "postgres" ? [await room.second()] : [])];
    for (const code of codes) {
      const tries = Array.from({ length: 5 }, (_, n) =>
        (processes[n % processes.length] ?? room.factors).verify(ADA, code),
      );
      expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
    }
    expect(await room.factors.state(ADA)).toMatchObject({ recoveryCodesLeft: 0 });
    const used = (await types(room)).filter((type) => type === "user.recoveryCodeUsed");
    expect(used).toHaveLength(codes.length);
  });

  it("has 120 bits, is shown once, is stored as no text, and is read as people write", async () => {
    await using room = await bench(kind);
    const { codes, secret } = await room.enrolled(ADA);
    expect(new Set(codes).size).toBe(10);
    for (const code of codes)
      expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{6}-){3}[0-9a-hjkmnp-tv-z]{6}$/);
    for (const table of ["identity_recovery_codes", "identity_totp"]) {
      const { rows } = await room.app.spine.hub.driver.query({
        sql: `select * from ${table}`,
        parameters: [],
      });
      const text = JSON.stringify(rows);
      expect(rows.length).toBeGreaterThan(0);
      expect(text).not.toContain(secret);
      for (const code of codes) {
        expect(text).not.toContain(code);
        expect(text).not.toContain(code.replaceAll("-", ""));
      }
    }
    const [first = "", second = ""] = codes;
    expect((await room.as(ADA).get("/auth/mfa")).text).not.toContain(first);
    expect(await room.factors.verify("user_eve", first)).toBe(false);
    expect(await room.factors.verify(ADA, first.slice(0, -1))).toBe(false);
    expect(await room.factors.verify(ADA, ` ${first.toUpperCase().replaceAll("-", " ")} `)).toBe(
      true,
    );
    expect(await room.factors.verify(ADA, second.replaceAll("1", "l").replaceAll("0", "O"))).toBe(
      true,
    );
  });

  it("is void once new ones were made, used or not", async () => {
    await using room = await bench(kind);
    const { codes } = await room.enrolled(ADA);
    const client = room.as(ADA);
    expect(await room.factors.verify(ADA, codes[0] ?? "")).toBe(true);
    const made = await client.post("/auth/mfa/recovery-codes", { password: PASSWORD });
    expect(made.status).toBe(201);
    const { recoveryCodes } = made.json() as { readonly recoveryCodes: readonly string[] };
    expect(recoveryCodes).toHaveLength(10);
    for (const code of codes) expect(await room.factors.verify(ADA, code)).toBe(false);
    expect(await room.factors.verify(ADA, recoveryCodes[9] ?? "")).toBe(true);
    expect((await client.get("/auth/mfa")).json()).toMatchObject({ recoveryCodes: { left: 9 } });
    expect(await types(room)).toEqual([
      "user.factorAdded",
      "user.recoveryCodeUsed",
      "user.recoveryCodesMade",
      "user.recoveryCodeUsed",
    ]);
  });
});

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
    await room.clock.advance(0);
    room.refuseMail(undefined);
    await room.settled();
    expect(room.mails).toHaveLength(1);
    room.refuseMail(new Problem("mail.refused", problem(422, "no such mailbox")));
    await room.remove(ADA, { password: PASSWORD });
    await room.settled();
    const failed = (await room.app.events()).filter(({ type }) => type === "job.failed");
    expect(failed).toHaveLength(1);
    expect(room.mails).toHaveLength(1);
  });
});
