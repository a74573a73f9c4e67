import { createHash } from "node:crypto";
import { createTestApp, describeStore, openTestDatabase } from "portico/testing";
import type { StoreKind, TestApp } from "portico/testing";
import { expect, it } from "vitest";
import { addPerson, identityFixture } from "./identity.fixture.ts";
import { oauth } from "./index.ts";
import { CALLBACK, SCOPES } from "./oauth-app.fixture.ts";
import type { MadeClient } from "./oauth-app.fixture.ts";

/** Rounds of each race; the gate of 1,000 is run with `PORTICO_OAUTH_ROUNDS=1000`. */
const ROUNDS = Number(process.env["PORTICO_OAUTH_ROUNDS"] ?? "30");
const PARALLEL = 5;
const LONG_MS = 30_000 + ROUNDS * 500;
const VERIFIER = "v".repeat(64);
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");
const HOST = "portico.test";

interface Answer {
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly error?: string;
}

interface Race extends AsyncDisposable {
  code(): Promise<string>;
  /** Sends the same request so many times at once, in turn to each server. */
  all(form: Readonly<Record<string, string>>, times?: number): Promise<readonly Answer[]>;
}

async function race(kind: StoreKind): Promise<Race> {
  const database = await openTestDatabase(kind);
  const identity = identityFixture();
  addPerson(identity, "ada");
  identity.sessions.set("s1", { userId: "ada", organization: "default" });
  const plugins = [identity.plugin, oauth()];
  const first = await createTestApp({ plugins, driver: database.driver, runTwice: false });
  // As processes would be: two on PostgreSQL; a SQLite file has one.
  const servers = [first];
  if (kind === "postgres") {
    const driver = await database.openAnother();
    const sharing = { keyringOf: first, runTwice: false };
    const others = [identityFixture(identity).plugin, oauth()];
    servers.push(await createTestApp({ plugins: others, driver, ...sharing }));
  }
  const body = { name: "Racer", type: "confidential", redirectUris: [CALLBACK], scopes: SCOPES };
  const made = (await first.as().post("/oauth/clients", body)).json() as MadeClient;
  await allow(first, made);
  const token = async (server: TestApp, form: Readonly<Record<string, string>>) => {
    const reply = await server.inject({
      method: "POST",
      url: "/oauth/token",
      headers: { host: HOST, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        ...form,
        client_id: made.id,
        client_secret: made.secret,
      }).toString(),
    });
    return reply.json() as Answer;
  };
  return {
    code: async () => await codeOf(first, made),
    all: async (form, times = PARALLEL) =>
      await Promise.all(
        Array.from({ length: times }, (_, nth) =>
          token(servers[nth % servers.length] ?? first, form),
        ),
      ),
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) await server.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

function authorizeUrl({ id }: MadeClient): string {
  const query = new URLSearchParams({
    client_id: id,
    redirect_uri: CALLBACK,
    response_type: "code",
    scope: "openid oauth:read",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
  });
  return `/oauth/authorize?${query.toString()}`;
}

async function codeOf(server: TestApp, client: MadeClient): Promise<string> {
  const headers = { host: HOST, cookie: "sid=s1" };
  const reply = await server.inject({ url: authorizeUrl(client), headers });
  const code = new URL(String(reply.headers["location"])).searchParams.get("code");
  expect(code, reply.text).not.toBeNull();
  return String(code);
}

/** The user allows the client once; from then on it is not asked. */
async function allow(server: TestApp, client: MadeClient): Promise<void> {
  const start = await server.inject({
    url: authorizeUrl(client),
    headers: { host: HOST, cookie: "sid=s1" },
  });
  const set = start.headers["set-cookie"];
  const cookies = (Array.isArray(set) ? set : [String(set)]).map((line) => line.split(";", 1)[0]);
  const headers = {
    host: HOST,
    cookie: ["sid=s1", ...cookies].join("; "),
    "content-type": "application/x-www-form-urlencoded",
  };
  const url = new URL(String(start.headers["location"])).pathname;
  const done = await server.inject({ method: "POST", url, headers, body: "action=allow" });
  expect(done.status, done.text).toBe(303);
}

const issued = (answers: readonly Answer[]): readonly Answer[] =>
  answers.filter((answer) => answer.access_token !== undefined);

describeStore("Parallel redemption", (_open, kind) => {
  it(
    "of one code gives tokens once",
    async () => {
      await using given = await race(kind);
      for (let round = 0; round < ROUNDS; round += 1) {
        const form = { grant_type: "authorization_code", redirect_uri: CALLBACK };
        const code = await given.code();
        const answers = await given.all({ ...form, code, code_verifier: VERIFIER });
        expect(issued(answers), `round ${round}`).toHaveLength(1);
        const refused = answers.filter(({ error }) => error === "invalid_grant");
        expect(refused).toHaveLength(PARALLEL - 1);
      }
    },
    LONG_MS,
  );

  it(
    "of one refresh token gives tokens once, and the winner's live",
    async () => {
      await using given = await race(kind);
      const form = { grant_type: "authorization_code", redirect_uri: CALLBACK };
      const code = await given.code();
      const first = await given.all({ ...form, code, code_verifier: VERIFIER }, 1);
      let refresh = issued(first)[0]?.refresh_token ?? "";
      for (let round = 0; round < ROUNDS; round += 1) {
        const answers = await given.all({ grant_type: "refresh_token", refresh_token: refresh });
        expect(issued(answers), `round ${round}`).toHaveLength(1);
        refresh = issued(answers)[0]?.refresh_token ?? "";
      }
    },
    LONG_MS,
  );
});
