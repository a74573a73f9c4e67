import { capability, definePlugin, Problem, problem, provide } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { createTestApp, fakeClock, openTestDatabase } from "portico/testing";
import type { FakeClock, StoreKind, TestApp, TestClient, TestDatabase } from "portico/testing";
import { Secret, TOTP } from "otpauth";
import { Type } from "typebox";
import { Identity } from "../capability.ts";
import type { OrganizationsFace } from "../organizations/face.ts";
import { organizationsPart } from "../organizations/part.ts";
import type { PeopleFace, Person } from "../people/face.ts";
import { peoplePart } from "../people/part.ts";
import type { SessionsFace } from "../sessions/face.ts";
import { sessionsPart } from "../sessions/part.ts";
import { Factors } from "./face.ts";
import type { FactorsFace } from "./face.ts";
import { factorsPart } from "./part.ts";
import { startFactors } from "./start.ts";

/** The password of everybody here. */
export const PASSWORD = "a long walk by the river";

const neighbourErrors = {
  "identity.badCredentials": problem(401, "The name or the password is wrong."),
  "identity.busy": problem(503, "Too many people are signing in at this moment."),
  "identity.tooManyAttempts": problem(429, "Too many wrong passwords. Try again in {seconds} s."),
};

/** A mail that was sent. */
export interface SentMail {
  readonly to: string;
  readonly template: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The room in a server, with twins in memory for its neighbours. */
export interface Bench extends AsyncDisposable {
  readonly app: TestApp;
  readonly clock: FakeClock;
  readonly factors: FactorsFace;
  readonly mails: SentMail[];
  /** How often the mail server was asked. */
  readonly asked: () => number;
  /** What the mail server answers from now on; undefined for yes. */
  refuseMail(problem: Problem | undefined): void;
  /** A second process on the same database. PostgreSQL only. */
  second(): Promise<FactorsFace>;
  /** A person's own session. */
  as(userId: string): TestClient;
  /** DELETE with a body. */
  remove(userId: string, body: unknown): ReturnType<TestApp["inject"]>;
  /** Sets an app up and confirms it; time then moves to the next step, so that its next code is a new one. */
  enrolled(userId: string): Promise<{ readonly secret: string; readonly codes: readonly string[] }>;
  /** Time passes until every job is done and every event is handled. */
  settled(): Promise<void>;
}

/** What a request is answered with. */
interface Answer {
  readonly status: number;
  json(): unknown;
}

/** Status and code of an answer. */
export function told(answer: Answer): [number, unknown] {
  return [answer.status, (answer.json() as { readonly code?: unknown }).code];
}

/** The types of all events so far. */
export async function types(app: Bench): Promise<readonly string[]> {
  await app.settled();
  return (await app.app.events()).map(({ type }) => type);
}

/** What the authenticator app would show now, or so many steps from now. */
export function codeOf(secret: string, clock: FakeClock, steps = 0): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  return totp.generate({ timestamp: clock.now() + steps * 30_000 });
}

/** A code that is none of the present ones. */
export function wrongCode(secret: string, clock: FakeClock): string {
  const right = new Set([-1, 0, 1].map((steps) => codeOf(secret, clock, steps)));
  return ["000000", "111111", "222222", "333333"].find((each) => !right.has(each)) ?? "";
}

/** Starts an app on a fresh database. */
export async function bench(kind: StoreKind, settings: object = {}): Promise<Bench> {
  const database = await openTestDatabase(kind);
  const clock = fakeClock();
  const mail = mailTwin();
  const open = async (first?: TestApp): Promise<TestApp> =>
    await createTestApp({
      plugins: [mail.plugin, roomPlugin()],
      driver: first === undefined ? database.driver : await database.openAnother(),
      clock,
      settings: { identity: settings },
      ...(first === undefined ? {} : { keyringOf: first }),
    });
  const app = await open();
  const others: TestApp[] = [];
  const as = (userId: string): TestClient =>
    app.as({ kind: "user", subject: userId, userId, credential: `session_${userId}` });
  const factors = app.context("identity").get(Factors);
  return {
    app,
    clock,
    factors,
    mails: mail.mails,
    asked: mail.asked,
    refuseMail: mail.refuse,
    second: async () => {
      const other = await open(app);
      others.push(other);
      return other.context("identity").get(Factors);
    },
    as,
    remove: (userId, body) => removeFor({ app, client: as(userId) }, body),
    enrolled: (userId) => enrolledAs(as(userId), clock),
    settled: () => settle(app, clock),
    [Symbol.asyncDispose]: async () => {
      for (const other of others) await other.stop();
      await end(app, database);
    },
  };
}

async function end(app: TestApp, database: TestDatabase): Promise<void> {
  await app.stop();
  await database[Symbol.asyncDispose]();
}

function removeFor(
  { app, client }: { readonly app: TestApp; readonly client: TestClient },
  body: unknown,
): ReturnType<TestApp["inject"]> {
  const { headers } = client;
  return app.inject({ method: "DELETE", url: "/api/v1/auth/mfa/totp", headers, body });
}

async function enrolledAs(
  client: TestClient,
  clock: FakeClock,
): Promise<{ readonly secret: string; readonly codes: readonly string[] }> {
  const made = await client.post("/auth/mfa/totp", { password: PASSWORD });
  if (made.status !== 201) throw new TypeError(made.text);
  const { secret } = made.json() as { readonly secret: string };
  const code = codeOf(secret, clock);
  const confirmed = await client.post("/auth/mfa/totp/confirm", { code });
  if (confirmed.status !== 200) throw new TypeError(confirmed.text);
  const { recoveryCodes } = confirmed.json() as { readonly recoveryCodes: readonly string[] };
  await clock.advance(30_000);
  return { secret, codes: recoveryCodes };
}

/** Time passes until every job is done and every event is handled. */
export async function settle(app: TestApp, clock: FakeClock): Promise<void> {
  // Elections and polls go by the clock, which stands still by itself.
  const ticking = setInterval(() => void clock.advance(100), 20);
  try {
    await app.settled();
  } finally {
    clearInterval(ticking);
  }
}

function mailTwin(): {
  readonly plugin: AnyPlugin;
  readonly mails: SentMail[];
  readonly asked: () => number;
  readonly refuse: (problem: Problem | undefined) => void;
} {
  const Mail = capability<{ send(mail: SentMail): Promise<void> }>("mail@1");
  const mails: SentMail[] = [];
  const answer: { refusal?: Problem | undefined; asked: number } = { asked: 0 };
  const send = async (mail: SentMail): Promise<void> => {
    answer.asked += 1;
    if (answer.refusal !== undefined) throw answer.refusal;
    mails.push(mail);
  };
  const plugin = definePlugin({
    id: "mail",
    version: "1.0.0",
    engine: "^1",
    provides: [Mail],
    start: () => Promise.resolve({ provides: [provide(Mail, { send })] }),
  });
  return {
    plugin,
    mails,
    asked: () => answer.asked,
    refuse: (refusal) => {
      answer.refusal = refusal;
    },
  };
}

const allParts = [peoplePart, organizationsPart, sessionsPart(() => undefined), factorsPart];

function joined<TValue>(
  tables: readonly Readonly<Record<string, TValue>>[],
): Readonly<Record<string, TValue>> {
  return Object.fromEntries(tables.flatMap((table) => Object.entries(table)));
}

function roomPlugin(): AnyPlugin {
  return definePlugin({
    id: "identity",
    version: "1.0.0",
    engine: "^1",
    needs: ["mail"],
    nouns: ["mfa"],
    ...factorsPart,
    // Its own hook into sign-in is the sessions room's to offer.
    contributes: [],
    // The test run's PostgreSQL has the whole pillar's tables.
    tables: joined(allParts.map(({ tables }) => tables)),
    migrations: allParts.flatMap(({ migrations }) => migrations),
    settings: Type.Object(factorsPart.settings),
    errors: { ...neighbourErrors, ...factorsPart.errors },
    provides: [Identity, Factors],
    start: async (ctx) => {
      const { face } = await startFactors(ctx);
      const identity = {
        people: peopleTwin(),
        organizations: organizationsTwin(),
        // Nothing of this room is asked here.
        sessions: {} as unknown as SessionsFace,
      };
      return { provides: [provide(Identity, identity), provide(Factors, face)] };
    },
  });
}

/** Everybody exists; who is called `user_silent` has given no address, and `user_new` has not confirmed it. */
function peopleTwin(): PeopleFace {
  const twin: Pick<PeopleFace, "find" | "confirmPassword"> = {
    find: (id) => Promise.resolve(personCalled(id)),
    confirmPassword: async (_id, password) => {
      if (password === PASSWORD) return;
      throw new Problem("identity.badCredentials", neighbourErrors["identity.badCredentials"]);
    },
  };
  return twin as unknown as PeopleFace;
}

/** Everybody belongs to `default`, and Eve to `other` too. */
function organizationsTwin(): OrganizationsFace {
  const twin: Pick<OrganizationsFace, "membershipsOf"> = {
    membershipsOf: (userId) => {
      const names = userId === "user_eve" ? ["default", "other"] : ["default"];
      return Promise.resolve(
        names.map((organization) => ({ organization, userId, roles: ["member"] })),
      );
    },
  };
  return twin as unknown as OrganizationsFace;
}

function personCalled(id: string): Person {
  return {
    id,
    username: id.replace("user_", ""),
    displayName: "",
    email: id === "user_silent" ? null : `${id}@example.com`,
    isEmailVerified: id !== "user_new",
    state: "active",
    instancePermissions: [],
    createdAt: 0,
  };
}
