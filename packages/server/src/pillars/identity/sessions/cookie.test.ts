import { describeStore } from "portico/testing";
import { describe, expect, it } from "vitest";
import { cookieForm, readCookie, withoutCookie } from "./cookie.ts";
import { isForeign } from "./same-origin.ts";
import { bearer, bench, code, ORIGIN } from "./session-app.fixture.ts";
import type { Bench, Reply } from "./session-app.fixture.ts";

const FOREIGN = "https://evil.example";

/** The session's cookie of an answer, as a browser sends it back. */
function cookieOf(reply: Reply): string {
  const all = [reply.headers["set-cookie"] ?? []].flat();
  return all.find((each) => each.includes("pss_"))?.split(";")[0] ?? "";
}

async function browser(here: Bench, more: object = {}): Promise<string> {
  return cookieOf(await here.login({ cookie: true, ...more }, { origin: ORIGIN }));
}

describeStore("a browser's session", (_open, kind) => {
  it("is a __Host- cookie of this host, out of reach of scripts, and no refresh token", async () => {
    await using here = await bench(kind);
    const reply = await here.login({ cookie: true }, { origin: ORIGIN });
    expect(reply.json()).toMatchObject({ refreshToken: null });
    const [field] = [reply.headers["set-cookie"] ?? []].flat();
    expect(field).toMatch(/^__Host-portico=pss_\w{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    const kept = await here.login({ cookie: true, remember: true }, { origin: ORIGIN });
    expect(String(kept.headers["set-cookie"])).toContain("; Secure; Max-Age=7776000");
  });

  it("is a new one at each sign-in, whatever cookie the browser sent", async () => {
    await using here = await bench(kind);
    const first = await browser(here);
    const second = cookieOf(await here.login({ cookie: true }, { origin: ORIGIN, cookie: first }));
    expect(second).not.toBe(first);
    const planted = `__Host-portico=pss_${"A".repeat(43)}`;
    const third = cookieOf(await here.login({ cookie: true }, { origin: ORIGIN, cookie: planted }));
    expect(third).not.toBe(planted);
  });

  it("acts for pages of this origin alone, and for none that say nothing", async () => {
    await using here = await bench(kind, {
      settings: { sessions: { origins: ["https://app.example.com"] } },
    });
    const cookie = await browser(here);
    const change = async (headers: Record<string, string>): Promise<unknown> => {
      const url = "/api/v1/sessions";
      const reply = await here.app.inject({
        method: "DELETE",
        url,
        headers: { cookie, ...headers },
      });
      return reply.status === 200 ? 200 : code(reply);
    };
    const foreign: Record<string, string>[] = [
      {},
      { origin: "null" },
      { origin: FOREIGN },
      { origin: `${ORIGIN}.evil.example` },
      { origin: ORIGIN.replace("https", "http") },
      { origin: `${ORIGIN}:8443` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "same-site", origin: "https://other.example.com" },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", origin: FOREIGN },
      { "sec-fetch-site": "made-up" },
    ];
    for (const headers of foreign) expect(await change(headers)).toBe("identity.crossSite");
    for (const headers of [
      { origin: ORIGIN },
      { "sec-fetch-site": "same-origin" },
      { "sec-fetch-site": "same-site", origin: "https://app.example.com" },
    ]) {
      expect(await change(headers)).toBe(200);
    }
  });

  it("is read from by a link that is followed, and not by another page's scripts and pictures", async () => {
    await using here = await bench(kind);
    const cookie = await browser(here);
    const read = async (headers: Record<string, string>): Promise<number> =>
      (await here.app.inject({ url: "/api/v1/sessions/current", headers: { cookie, ...headers } }))
        .status;
    expect(await read({})).toBe(200);
    expect(await read({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" })).toBe(200);
    expect(await read({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" })).toBe(403);
    expect(await read({ origin: FOREIGN })).toBe(403);
  });

  it("is not begun by another site's page: nobody is signed in as somebody else unknowingly", async () => {
    await using here = await bench(kind);
    for (const headers of [{ origin: FOREIGN }, { "sec-fetch-site": "cross-site" }]) {
      const reply = await here.login({ cookie: true }, headers);
      expect([reply.status, code(reply)]).toEqual([403, "identity.crossSite"]);
    }
    const form = await here.app.inject({
      method: "POST",
      url: "/api/v1/auth/login",
      headers: { "content-type": "text/plain", origin: FOREIGN },
      body: JSON.stringify({ username: "ada", password: "x", cookie: true }),
    });
    expect(form.status).toBe(415);
  });

  it("ends by signing out, with its cookie", async () => {
    await using here = await bench(kind);
    const cookie = await browser(here);
    const headers = { cookie, origin: ORIGIN };
    const out = await here.app.inject({ method: "POST", url: "/api/v1/auth/logout", headers });
    expect([out.status, out.headers["set-cookie"]]).toEqual([
      204,
      "__Host-portico=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0",
    ]);
    const after = await here.app.inject({ url: "/api/v1/sessions/current", headers: { cookie } });
    expect([after.status, code(after)]).toEqual([401, "identity.badAccessToken"]);
  });

  it("400 where the cookie stands twice, and beside an access token", async () => {
    await using here = await bench(kind);
    const cookie = await browser(here);
    const ask = (headers: Record<string, string>): Promise<Reply> =>
      here.app.inject({ url: "/api/v1/sessions/current", headers });
    expect(code(await ask({ cookie: `${cookie}; ${cookie}` }))).toBe("identity.twoSessions");
    const { accessToken } = await here.signIn();
    expect(code(await ask({ cookie, ...bearer(accessToken) }))).toBe("access.twoCredentials");
    const plain = cookie.replace("__Host-portico", "portico_session");
    expect(code(await ask({ cookie: plain }))).toBe("access.unauthenticated");
  });
});

describe("a server that is reached by plain http", () => {
  it("gives a plain cookie on this machine and warns of it; elsewhere it gives none and says so", async () => {
    await using local = await bench("memory", { publicUrl: "http://localhost:8080" });
    const reply = await local.login({ cookie: true }, { origin: "http://localhost:8080" });
    expect(cookieOf(reply)).toMatch(/^portico_session=pss_/);
    expect(String(reply.headers["set-cookie"])).not.toContain("Secure");
    expect(local.logged()).toContain("cookie without Secure");
    await using remote = await bench("memory", { publicUrl: "http://portico.example" });
    const refused = await remote.login({ cookie: true });
    expect([refused.status, code(refused)]).toEqual([422, "identity.cookieNeedsHttps"]);
    expect(remote.logged()).not.toContain("cookie without Secure");
    expect((await remote.login()).status).toBe(200);
  });

  it.each([
    ["https://a.example", "__Host-portico"],
    ["http://127.0.0.1:1", "portico_session"],
    ["http://[::1]:1", "portico_session"],
    ["http://x.localhost", "portico_session"],
    ["http://localhost.evil.example", undefined],
    ["http://10.0.0.1", undefined],
  ])("%s has the cookie %s", (url, name) => {
    const server = { publicUrl: () => url, basePath: "" };
    expect(cookieForm(server)?.name).toBe(name);
  });
});

describe("the Cookie field", () => {
  const form = { name: "__Host-portico" };

  it("is read exactly by name", () => {
    expect(readCookie("a=1; __Host-portico=x; b=2", form)).toBe("x");
    expect(readCookie("a=__Host-portico=x", form)).toBeUndefined();
    expect(readCookie("x__Host-portico=1", form)).toBeUndefined();
    expect(readCookie(undefined, form)).toBeUndefined();
  });

  it("goes on without ours, the others as they came", () => {
    expect(withoutCookie("a=1; __Host-portico=x;  b=2", form)).toBe("a=1;  b=2");
    expect(withoutCookie("__Host-portico=x", form)).toBe("");
    expect(withoutCookie("a=__Host-portico; b", form)).toBe("a=__Host-portico; b");
  });
});

describe("a request that a browser may have been made to send", () => {
  const own = new Set([ORIGIN]);

  it("is judged as a change where it switches protocols or its method is not known", () => {
    expect(isForeign({ headers: { upgrade: "websocket" }, method: "GET" }, own)).toBe(true);
    expect(
      isForeign({ headers: { upgrade: "websocket", origin: FOREIGN }, method: "GET" }, own),
    ).toBe(true);
    expect(
      isForeign({ headers: { upgrade: "websocket", origin: ORIGIN }, method: "GET" }, own),
    ).toBe(false);
    expect(isForeign({ headers: {}, method: undefined }, own)).toBe(true);
    expect(isForeign({ headers: {}, method: "GET" }, own)).toBe(false);
  });
});
