import { Buffer } from "node:buffer";
import { createHmac, generateKeyPairSync, sign as signBytes } from "node:crypto";
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  jwtVerify,
  SignJWT,
} from "jose";
import type { JSONWebKeySet } from "jose";
import { describeStore } from "portico/testing";
import { describe, expect, it } from "vitest";
import { Identity } from "../capability.ts";
import { bearer, bench, code, ORIGIN } from "./session-app.fixture.ts";
import type { Bench } from "./session-app.fixture.ts";
import { Sessions } from "./room.ts";
import { nextKey } from "./signing-keys.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

type Json = Readonly<Record<string, unknown>>;

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A token with another header and claims, signed by `sign`, which is given what is to be signed. */
function forge(
  token: string,
  change: { header?: Json; claims?: Json },
  sign: (text: string) => Buffer,
): string {
  const header = { ...decodeProtectedHeader(token), ...change.header };
  const text = `${encode(header)}.${encode({ ...decodeJwt(token), ...change.claims })}`;
  return `${text}.${sign(text).toString("base64url")}`;
}

async function keySet(
  here: Bench,
): Promise<{ reply: Awaited<ReturnType<Bench["ask"]>>; set: JSONWebKeySet }> {
  const reply = await here.app.inject({ url: "/.well-known/jwks.json" });
  return { reply, set: reply.json() as JSONWebKeySet };
}

/** Signs claims of a token anew with the server's own key: everything is right but what was changed. */
function resign(here: Bench, token: string, claims: Json): string {
  const { sessions } = here.app.context("identity").get(Identity);
  return sessions.sign({ ...decodeJwt(token), ...claims }, 600);
}

describe.each(["ES256", "RS256", "EdDSA"] as const)(
  "an access token signed with %s",
  (algorithm) => {
    it("says what the documentation lists, and is checked with the published keys alone", async () => {
      await using here = await bench("memory", { settings: { tokens: { algorithm } } });
      const { accessToken, sessionId } = await here.signIn();
      expect((await here.ask(accessToken)).status).toBe(200);
      const { reply, set } = await keySet(here);
      expect([reply.status, reply.headers["cache-control"]]).toEqual([200, "max-age=300"]);
      expect(reply.text).not.toMatch(/"(?:d|p|q|dp|dq|qi|k)":/);
      const { payload, protectedHeader } = await jwtVerify(accessToken, createLocalJWKSet(set), {
        issuer: ORIGIN,
        audience: ORIGIN,
        typ: "at+jwt",
        algorithms: [algorithm],
        currentDate: new Date(here.clock.now()),
      });
      expect(protectedHeader).toEqual({ alg: algorithm, typ: "at+jwt", kid: set.keys[0]?.["kid"] });
      const now = here.clock.now() / 1_000;
      expect(payload).toEqual({
        iss: ORIGIN,
        sub: "user_ada",
        aud: ORIGIN,
        iat: now,
        exp: now + 600,
        jti: expect.stringMatching(/^at_/),
        client_id: "portico",
        sid: sessionId,
        org: "default",
        auth_time: now,
        amr: ["pwd"],
      });
    });

    it("401 when it is unsigned, or signed with another algorithm or another key under its id", async () => {
      await using here = await bench("memory", { settings: { tokens: { algorithm } } });
      const { accessToken } = await here.signIn();
      const { set } = await keySet(here);
      const foreign = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
      const byForeign = (text: string): Buffer =>
        signBytes("sha256", Buffer.from(text), { key: foreign, dsaEncoding: "ieee-p1363" });
      const published = JSON.stringify(set.keys[0]);
      const forged = [
        forge(accessToken, { header: { alg: "none" } }, () => Buffer.alloc(0)),
        // The public key taken for the secret of an HMAC.
        forge(accessToken, { header: { alg: "HS256" } }, (text) =>
          createHmac("sha256", published).update(text).digest(),
        ),
        forge(accessToken, { header: { alg: "ES256" } }, byForeign),
        forge(
          accessToken,
          { header: { alg: "ES256", jwk: foreign.export({ format: "jwk" }) } },
          byForeign,
        ),
        forge(accessToken, { header: { kid: "../../etc/passwd" } }, byForeign),
        forge(
          accessToken,
          { header: { kid: "foreign", jku: "http://evil.example/jwks" } },
          byForeign,
        ),
        forge(accessToken, { header: { crit: ["x"], x: 1 } }, byForeign),
        forge(accessToken, { claims: { sub: "user_bob" } }, () =>
          Buffer.from(accessToken.split(".")[2] ?? "", "base64url"),
        ),
        `${accessToken.slice(0, -4)}AAAA`,
      ];
      for (const token of forged) {
        const reply = await here.ask(token);
        expect([reply.status, code(reply)]).toEqual([401, "identity.badAccessToken"]);
      }
      expect((await here.ask(accessToken)).status).toBe(200);
    });
  },
);

describeStore("an access token", (_open, kind) => {
  it("401 of another issuer, audience or client, and issued in the future, though rightly signed", async () => {
    await using here = await bench(kind);
    const { accessToken } = await here.signIn();
    const now = here.clock.now() / 1_000;
    const wrong: readonly (readonly [Json, string])[] = [
      // Tokens of other issuers and clients are no business of this room: nobody knows them.
      [{ iss: "https://evil.example" }, "access.unauthenticated"],
      [{ client_id: "app_1" }, "access.unauthenticated"],
      [{ aud: "https://other.example" }, "identity.badAccessToken"],
      [{ sid: "session_unknown" }, "identity.badAccessToken"],
      [{ sid: 7 }, "identity.badAccessToken"],
      [{ iat: now + 3_600 }, "identity.badAccessToken"],
      [{ nbf: now + 3_600 }, "identity.badAccessToken"],
      [{ exp: now - 1 }, "identity.tokenExpired"],
      [{ jti: undefined }, "identity.badAccessToken"],
    ];
    for (const [claims, wanted] of wrong) {
      const reply = await here.ask(resign(here, accessToken, claims));
      expect([reply.status, code(reply)]).toEqual([401, wanted]);
    }
    expect((await here.ask(resign(here, accessToken, {}))).status).toBe(200);
  });

  it("401 for another kind of token that the same key has signed, such as an identity token", async () => {
    await using here = await bench(kind);
    const { accessToken } = await here.signIn();
    const { sessions } = here.app.context("identity").get(Identity);
    const [jwk] = (await sessions.signingKeys()).keys;
    const key = await importJWK({ ...jwk }, "ES256");
    for (const typ of ["JWT", "logout+jwt", undefined]) {
      const header = { alg: "ES256", kid: String(jwk?.["kid"]) };
      const token = await new SignJWT(decodeJwt(accessToken))
        .setProtectedHeader(typ === undefined ? header : { ...header, typ })
        .sign(key);
      expect(code(await here.ask(token))).toBe("identity.badAccessToken");
    }
  });

  it("401 once it has expired, in memory or not, and when the clock is set back", async () => {
    await using here = await bench(kind);
    const { accessToken } = await here.signIn();
    expect((await here.ask(accessToken)).status).toBe(200);
    await here.clock.advance(600_000);
    expect(code(await here.ask(accessToken))).toBe("identity.tokenExpired");
    here.clock.set(Date.UTC(2026, 0, 1));
    expect(code(await here.ask(accessToken))).toBe("identity.tokenExpired");
  });

  it("leaves bearer tokens of others alone: opaque ones, and JWTs of other issuers", async () => {
    await using here = await bench(kind);
    const others = [
      "ptk_abc",
      "a.b.c",
      "eyJ.eyJ.x",
      `${encode({})}.${encode({ iss: "x" })}.x`,
      "ey",
    ];
    for (const token of others) expect(code(await here.ask(token))).toBe("access.unauthenticated");
  });

  it("400 beside another credential", async () => {
    await using here = await bench(kind);
    const { accessToken } = await here.signIn();
    const headers = { ...here.app.as().headers, ...bearer(accessToken) };
    const reply = await here.app.inject({ url: "/api/v1/sessions", headers });
    expect([reply.status, code(reply)]).toEqual([400, "access.twoCredentials"]);
  });
});

describeStore("signing keys", (_open, kind) => {
  const settings = { tokens: { keyDays: 7 } };

  it("are published a day before they sign, and stay until all they signed has expired", async () => {
    await using here = await bench(kind, { settings });
    const { keys } = here.app.context("identity").get(Sessions);
    const kids = async (): Promise<readonly unknown[]> =>
      (await keySet(here)).set.keys.map(({ kid }) => kid);
    const signer = async (): Promise<unknown> =>
      decodeProtectedHeader((await here.signIn()).accessToken).kid;
    const first = await signer();
    await here.clock.advance(6 * DAY_MS - HOUR_MS);
    await keys.rotate();
    expect(await kids()).toEqual([first]);
    await here.clock.advance(HOUR_MS);
    await keys.rotate();
    await expect.poll(async () => (await kids()).length).toBe(2);
    const second = (await kids())[1];
    const old = await here.signIn();
    expect(decodeProtectedHeader(old.accessToken).kid).toBe(first);
    await here.clock.advance(DAY_MS - 1);
    expect(await signer()).toBe(first);
    await here.clock.advance(1);
    expect(await signer()).toBe(second);
    await here.clock.advance(DAY_MS);
    await keys.rotate();
    expect(await kids()).toEqual([first, second]);
    await here.clock.advance(1);
    await keys.rotate();
    await expect.poll(kids).toEqual([second]);
  });

  it("are sealed at rest: no private half is in the database", async () => {
    await using here = await bench(kind);
    await here.signIn();
    const ctx = here.app.context("identity");
    const { keys } = await ctx.get(Identity).sessions.signingKeys();
    const rows = await ctx.store
      .read("instance")
      .db<{ identity_signing_keys: Json }>()
      .selectFrom("identity_signing_keys")
      .selectAll()
      .execute();
    expect(keys[0]?.["d"]).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(rows)).not.toContain(String(keys[0]?.["d"]));
  });
});

describe("the next signing key", () => {
  const policy = { algorithm: "ES256", keyDays: 90 };
  const newest = { number: 4, algorithm: "ES256", signs_from: 0 };

  it("signs at the end of the one before, or a day after it was published where that is later", () => {
    expect(nextKey(newest, 88 * DAY_MS, policy)).toBeUndefined();
    expect(nextKey(newest, 89 * DAY_MS, policy)).toEqual({ number: 5, signsFrom: 90 * DAY_MS });
    expect(nextKey(newest, 200 * DAY_MS, policy)).toEqual({ number: 5, signsFrom: 201 * DAY_MS });
  });

  it("of another algorithm signs a day after the setting was changed, and is published once", () => {
    const changed = { algorithm: "EdDSA", keyDays: 90 };
    expect(nextKey(newest, DAY_MS, changed)).toEqual({ number: 5, signsFrom: 2 * DAY_MS });
    const published = { number: 5, algorithm: "EdDSA", signs_from: 2 * DAY_MS };
    expect(nextKey(published, DAY_MS + 1, changed)).toBeUndefined();
  });
});

describe("processes over one PostgreSQL", () => {
  it("agree on one first key and one next, and check each other's tokens", async () => {
    await using here = await bench("postgres", { settings: { tokens: { keyDays: 7 } } });
    const others = await Promise.all([here.another(), here.another()]);
    await here.clock.advance(6 * DAY_MS);
    await Promise.all(
      [here.app, ...others].map((app) => app.context("identity").get(Sessions).keys.rotate()),
    );
    const setOf = async (app: Bench["app"]): Promise<JSONWebKeySet> =>
      (await app.inject({ url: "/.well-known/jwks.json" })).json() as JSONWebKeySet;
    for (const app of [here.app, ...others]) {
      await expect.poll(async () => (await setOf(app)).keys.length).toBe(2);
      expect(await setOf(app)).toEqual(await setOf(here.app));
    }
    const { accessToken } = await here.signIn();
    for (const app of others) expect((await here.ask(accessToken, app)).status).toBe(200);
  });
});

describe("the settings of access tokens", () => {
  const refusalOf = async (tokens: object): Promise<string> =>
    await bench("memory", { settings: { tokens } }).then(
      async (here) => {
        await here[Symbol.asyncDispose]();
        return "";
      },
      (error: unknown) => String(error),
    );

  it("refuse HS256 and say why", async () => {
    expect(await refusalOf({ algorithm: "HS256" })).toContain("HS256 has no public half");
  });

  it("keep the life of a token between 5 and 15 minutes", async () => {
    const refusals = [];
    for (const lifeSeconds of [299, 300, 900, 901]) refusals.push(await refusalOf({ lifeSeconds }));
    const bounds = expect.stringContaining("from 300 to 900");
    expect(refusals).toEqual([bounds, "", "", bounds]);
  });
});
