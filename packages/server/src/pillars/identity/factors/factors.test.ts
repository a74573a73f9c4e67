import { expect, it } from "vitest";
import type { Problem } from "portico/kernel";
import { describeStore } from "portico/testing";
import { bench, codeOf, PASSWORD, told, types, wrongCode } from "./factor-app.fixture.ts";

const ADA = "user_ada";
const FREE = 10;

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
