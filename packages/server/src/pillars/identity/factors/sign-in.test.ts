import { expect, it } from "vitest";
import { createTestApp, describeStore, fakeClock } from "portico/testing";
import type { FakeClock, OpenTestDatabase, TestApp } from "portico/testing";
import { mail } from "../../mail/index.ts";
import { identity } from "../plugin.ts";
import { codeOf, PASSWORD, settle, wrongCode } from "./factor-app.fixture.ts";

type Reply = Awaited<ReturnType<TestApp["inject"]>>;

/** Somebody with an account, an authenticator app and recovery codes, in the whole pillar. */
interface Ada extends AsyncDisposable {
  readonly app: TestApp;
  readonly clock: FakeClock;
  readonly secret: string;
  readonly codes: readonly string[];
  settled(): Promise<void>;
  post(path: string, body: object): Promise<Reply>;
  own(method: string, path: string, body?: object): Promise<Reply>;
}

async function openAda(open: OpenTestDatabase): Promise<Ada> {
  const database = await open();
  const clock = fakeClock();
  const app = await createTestApp({ plugins: [mail, identity()], driver: database.driver, clock });
  const post: Ada["post"] = (path, body) =>
    app.inject({ method: "POST", url: `/api/v1${path}`, body });
  const registered = await post("/auth/register", { username: "ada", password: PASSWORD });
  const { accessToken } = fieldsOf(registered);
  const headers = { authorization: `Bearer ${String(accessToken)}` };
  const own: Ada["own"] = (method, path, body) =>
    app.inject({
      method,
      url: `/api/v1${path}`,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  const { secret } = fieldsOf(await own("POST", "/auth/mfa/totp", { password: PASSWORD }));
  const code = codeOf(String(secret), clock);
  const { recoveryCodes } = fieldsOf(await own("POST", "/auth/mfa/totp/confirm", { code }));
  await clock.advance(30_000);
  return {
    app,
    clock,
    secret: String(secret),
    codes: recoveryCodes as readonly string[],
    post,
    own,
    settled: () => settle(app, clock),
    [Symbol.asyncDispose]: async () => {
      await app.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

function fieldsOf(reply: Reply): Readonly<Record<string, unknown>> {
  return reply.json() as Readonly<Record<string, unknown>>;
}

const login = { username: "ada", password: PASSWORD };

describeStore("signing in with a second factor", (open) => {
  it("takes the password and a code, at once or one after the other, and neither alone", async () => {
    await using ada = await openAda(open);
    const asked = await ada.post("/auth/login", login);
    expect([asked.status, fieldsOf(asked)["code"]]).toEqual([401, "identity.factorRequired"]);
    expect(asked.headers["set-cookie"]).toBeUndefined();
    const { challenge } = fieldsOf(asked);
    const code = codeOf(ada.secret, ada.clock);
    const wrong = { challenge, code: wrongCode(ada.secret, ada.clock) };
    expect((await ada.post("/auth/login", wrong)).status).toBe(401);
    expect((await ada.post("/auth/login", { ...login, password: "another", code })).status).toBe(
      401,
    );
    const answered = await ada.post("/auth/login", { challenge, code });
    expect(answered.status).toBe(200);
    await ada.clock.advance(30_000);
    const next = codeOf(ada.secret, ada.clock);
    expect((await ada.post("/auth/login", { ...login, code: next })).status).toBe(200);
  });

  it("opens one session of one code, however many send it at once, and of one recovery code too", async () => {
    await using ada = await openAda(open);
    const challenge = fieldsOf(await ada.post("/auth/login", login))["challenge"];
    for (const code of [codeOf(ada.secret, ada.clock), ada.codes[0]]) {
      const sent = Array.from({ length: 5 }, () => ada.post("/auth/login", { challenge, code }));
      const statuses = (await Promise.all(sent)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status === 401)).toHaveLength(4);
    }
  });

  it("waits for guesses after the right password, not for recovery codes, and not for others", async () => {
    await using ada = await openAda(open);
    const challenge = fieldsOf(await ada.post("/auth/login", login))["challenge"];
    const guess = async (): Promise<Reply> =>
      await ada.post("/auth/login", { challenge, code: wrongCode(ada.secret, ada.clock) });
    for (let n = 0; n < 10; n += 1) expect((await guess()).status).toBe(401);
    const late = await guess();
    expect([late.status, fieldsOf(late)["code"]]).toEqual([429, "identity.tooManyCodes"]);
    expect(late.headers["retry-after"]).toBe("30");
    expect((await ada.post("/auth/login", { challenge, code: ada.codes[1] })).status).toBe(200);
    expect((await ada.own("GET", "/auth/mfa")).status).toBe(200);
  });

  it("asks for the password alone again once the app is removed, and no challenge from before opens anything", async () => {
    await using ada = await openAda(open);
    const challenge = fieldsOf(await ada.post("/auth/login", login))["challenge"];
    const removed = await ada.own("DELETE", "/auth/mfa/totp", { password: PASSWORD });
    expect(removed.status).toBe(204);
    for (const code of [codeOf(ada.secret, ada.clock), ada.codes[2]]) {
      expect((await ada.post("/auth/login", { challenge, code })).status).toBe(401);
    }
    expect((await ada.post("/auth/login", login)).status).toBe(200);
  });

  it("leaves nothing of a person's factors once the account is deleted", async () => {
    await using ada = await openAda(open);
    const { rows } = await ada.app.spine.hub.driver.query({
      sql: "select user_id from identity_totp",
      parameters: [],
    });
    const [{ user_id: id = "" } = {}] = rows as readonly { readonly user_id?: string }[];
    const operator = ada.app.as({ permissions: ["*"], instancePermissions: ["*"] });
    expect((await operator.delete(`/admin/users/${id}`)).status).toBe(204);
    await ada.settled();
    for (const table of ["identity_totp", "identity_recovery_codes"]) {
      const left = await ada.app.spine.hub.driver.query({
        sql: `select * from ${table}`,
        parameters: [],
      });
      expect(left.rows).toEqual([]);
    }
  });
});
