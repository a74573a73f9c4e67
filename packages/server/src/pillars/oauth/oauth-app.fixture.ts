import { createHash } from "node:crypto";
import { systemClock } from "portico/kernel";
import { createTestApp, openTestDatabase } from "portico/testing";
import type { StoreKind, TestApp, TestDatabase } from "portico/testing";
import { expect } from "vitest";
import { addPerson, identityFixture } from "./identity.fixture.ts";
import type { IdentityFixture } from "./identity.fixture.ts";
import { oauth } from "./index.ts";

/** A listening server with the oauth pillar, its identity, and a browser. */
export interface Bench extends AsyncDisposable {
  readonly app: TestApp;
  readonly identity: IdentityFixture;
  readonly database: TestDatabase;
  readonly url: string;
  /** Sets the server's clock forward; the engine's own stays. */
  later(ms: number): void;
  /** Creates a client; a confidential one unless told otherwise. */
  client(body?: object): Promise<MadeClient>;
  browser(): Browser;
}

/** A client as its creation answers. */
export interface MadeClient {
  readonly id: string;
  readonly secret: string;
}

/** What the token endpoint answers. */
export interface TokenAnswer {
  readonly status: number;
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly scope?: string;
  readonly error?: string;
  readonly active?: boolean;
}

/** A verifier, and its challenge by S256. */
export const PKCE = {
  verifier: "v".repeat(64),
  challenge: createHash("sha256").update("v".repeat(64)).digest("base64url"),
} as const;

/** The address of an authorization request; a parameter that is undefined is left out. */
export function authorizeUrl(
  client: Pick<MadeClient, "id">,
  changed: Readonly<Record<string, string | undefined>> = {},
): string {
  const parameters = {
    client_id: client.id,
    redirect_uri: CALLBACK,
    response_type: "code",
    scope: "openid oauth:read",
    state: "s-1",
    code_challenge: PKCE.challenge,
    code_challenge_method: "S256",
    ...changed,
  };
  const given = Object.entries(parameters).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  return `/oauth/authorize?${new URLSearchParams(given).toString()}`;
}

/** Sends a form to an endpoint as a confidential client does. */
export async function send(
  { url }: Pick<Bench, "url">,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  const reply = await fetch(`${url}${path}`, { method: "POST", body: new URLSearchParams(form) });
  const text = await reply.text();
  return { ...(text === "" ? {} : (JSON.parse(text) as object)), status: reply.status };
}

/** Redeems a code. */
export async function redeem(
  server: Bench,
  client: MadeClient,
  code: string | null,
  changed: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  return await send(server, "/oauth/token", {
    grant_type: "authorization_code",
    redirect_uri: CALLBACK,
    code: String(code),
    code_verifier: PKCE.verifier,
    client_id: client.id,
    client_secret: client.secret,
    ...changed,
  });
}

/** Signs in, allows and redeems. */
export async function signIn(
  server: Bench,
  client: MadeClient,
  changed: Readonly<Record<string, string | undefined>> = {},
): Promise<TokenAnswer & { readonly browser: Browser }> {
  const browser = server.browser();
  const back = await browser.authorize(authorizeUrl(client, changed));
  const answer = await redeem(server, client, back.searchParams.get("code"));
  expect(answer.status, JSON.stringify(answer)).toBe(200);
  return { ...answer, browser };
}

/** The status with which a token is answered. */
export async function statusWith({ url }: Pick<Bench, "url">, token = ""): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${url}/api/v1/oauth/clients`, { headers })).status;
}

/** Where browsers of these tests are sent back to. */
export const CALLBACK = "http://127.0.0.1:9/callback";

/** What most clients of these tests may ask for. */
export const SCOPES = ["openid", "profile", "email", "offline_access", "oauth:read", "oauth:write"];

/** Starts a server on a fresh database. */
export async function bench(kind: StoreKind, settings: object = {}): Promise<Bench> {
  const database = await openTestDatabase(kind);
  const identity = identityFixture();
  addPerson(identity, "ada");
  let aheadMs = 0;
  const app = await createTestApp({
    clock: { ...systemClock, now: () => systemClock.now() + aheadMs },
    plugins: [identity.plugin, oauth()],
    driver: database.driver,
    settings: { oauth: settings },
    runTwice: false,
  });
  const { url } = await app.listen("127.0.0.1", 0);
  return {
    app,
    identity,
    database,
    url,
    later: (ms) => {
      aheadMs += ms;
    },
    client: async (body = {}) => {
      const given = {
        name: "Acme Reports",
        type: "confidential",
        redirectUris: [CALLBACK],
        scopes: SCOPES,
        ...body,
      };
      const reply = await app.as().post("/oauth/clients", given);
      expect(reply.status, reply.text).toBe(201);
      return reply.json() as MadeClient;
    },
    browser: () => new Browser(url),
    async [Symbol.asyncDispose]() {
      await app.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A browser without JavaScript: cookies by path, redirects by hand. */
export class Browser {
  readonly #origin: string;
  readonly cookies = new Map<string, { readonly value: string; readonly path: string }>();

  constructor(origin: string) {
    this.#origin = origin;
  }

  async go(
    target: string | URL,
    form?: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{
    readonly status: number;
    readonly location: string | null;
    readonly text: string;
    readonly headers: Headers;
  }> {
    const url = new URL(target, this.#origin);
    const cookie = [...this.cookies]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
    const reply = await fetch(url, {
      redirect: "manual",
      headers: { accept: "text/html", ...(cookie === "" ? {} : { cookie }), ...headers },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    });
    for (const line of reply.headers.getSetCookie()) this.#keep(line);
    const location = reply.headers.get("location");
    return { status: reply.status, location, text: await reply.text(), headers: reply.headers };
  }

  /** Goes where it is sent until there is a page, or an address of somebody else. */
  async follow(
    target: string | URL,
  ): Promise<{ readonly url: string; readonly text: string; readonly status: number }> {
    let url = new URL(target, this.#origin).href;
    for (let step = 0; step < 10; step += 1) {
      if (!url.startsWith(this.#origin)) return { url, text: "", status: 0 };
      const { location, text, status } = await this.go(url);
      if (location === null) return { url, text, status };
      url = new URL(location, url).href;
    }
    throw new Error(`it is sent round and round: ${url}`);
  }

  /** Sends a form of the page at an address, and follows. */
  async submit(
    url: string,
    form: Readonly<Record<string, string>>,
  ): Promise<{ readonly url: string; readonly text: string; readonly status: number }> {
    const { location, text, status } = await this.go(url, form);
    return location === null ? { url, text, status } : await this.follow(new URL(location, url));
  }

  /** Signs in and allows, as far as it is asked to; answers the address of the client. */
  async authorize(
    target: string | URL,
    who: string | { readonly username: string; readonly password: string } = "ada",
  ): Promise<URL> {
    const person =
      typeof who === "string" ? { username: who, password: "correct horse battery" } : who;
    let page = await this.follow(target);
    for (let step = 0; step < 3 && page.url.startsWith(this.#origin); step += 1) {
      const isLogin = page.text.includes('name="password"');
      const form = isLogin ? { action: "login", ...person } : { action: "allow" };
      expect(page.status, page.text).toBe(200);
      page = await this.submit(page.url, form);
    }
    return new URL(page.url);
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const mark = pair.indexOf("=");
    const path = attributes.find((one) => one.toLowerCase().startsWith("path="))?.slice(5) ?? "/";
    const isOver = attributes.some((one) => /^expires=thu, 01 jan 1970/i.test(one));
    if (isOver) this.cookies.delete(pair.slice(0, mark));
    else this.cookies.set(pair.slice(0, mark), { value: pair.slice(mark + 1), path });
  }
}
