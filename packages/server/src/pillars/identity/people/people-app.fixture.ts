import { capability, definePlugin, provide } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { createTestApp, fakeClock, openTestDatabase } from "portico/testing";
import type { FakeClock, StoreKind, TestApp, TestDatabase } from "portico/testing";
import { Type } from "typebox";
import { Identity } from "../capability.ts";
import { identityErrors } from "../errors.ts";
import type { Membership, OrganizationsFace } from "../organizations/face.ts";
import { organizationsPart } from "../organizations/part.ts";
import { factorsPart } from "../factors/part.ts";
import { sessionsPart } from "../sessions/part.ts";
import type { NewSession, SessionsFace, SessionsOf } from "../sessions/face.ts";
import type { PeopleFace, Person } from "./face.ts";
import { peoplePart } from "./part.ts";
import { startPeople } from "./start.ts";

/** What the rooms beside this one were told. */
export interface Neighbours {
  readonly opened: NewSession[];
  readonly ended: SessionsOf[];
  readonly removed: string[];
  readonly members: Membership[];
}

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
  readonly database: TestDatabase;
  readonly neighbours: Neighbours;
  readonly mails: SentMail[];
  readonly people: PeopleFace;
  /** Another process on the same database. PostgreSQL only. */
  second(): Promise<TestApp>;
  register(body?: object): Promise<Reply>;
  /** A request of somebody's session, or of nobody. */
  send(method: string, path: string, options?: SendOptions): Promise<Reply>;
  /** How many passwords were hashed so far. */
  hashes(): Promise<number>;
  /** The token of the newest mail of a kind. */
  mailed(template?: string): string;
  /** Registers, and answers who it is. */
  person(username?: string, extra?: object): Promise<Person>;
  /** Time passes until every job is done and every event is handled. */
  settled(): Promise<void>;
}

/** What a request carries. */
export interface SendOptions {
  readonly body?: unknown;
  readonly as?: string;
  readonly instancePermissions?: readonly string[];
  readonly organization?: string;
  readonly address?: string;
  readonly on?: TestApp;
}

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  json(): unknown;
}

/** A password that nobody tries first. */
export const PASSWORD = "a long walk by the river";

/** Starts an app on a fresh database. */
export async function bench(kind: StoreKind, settings: object = {}): Promise<Bench> {
  const database = await openTestDatabase(kind);
  const clock = fakeClock();
  const neighbours: Neighbours = { opened: [], ended: [], removed: [], members: [] };
  const mails: SentMail[] = [];
  const plugins = [mailPlugin(mails), roomPlugin(neighbours)];
  const app = await createTestApp({
    plugins,
    driver: database.driver,
    clock,
    settings: { identity: settings },
  });
  const others: TestApp[] = [];
  const register: Bench["register"] = (body = {}) =>
    app.inject({
      method: "POST",
      url: "/api/v1/auth/register",
      body: { username: "ada", password: PASSWORD, ...body },
    });
  const people = app.context("identity").get(Identity).people;
  return {
    app,
    clock,
    database,
    neighbours,
    mails,
    people,
    second: async () => {
      const driver = await database.openAnother();
      const other = await createTestApp({
        plugins: [mailPlugin(mails), roomPlugin(neighbours)],
        driver,
        clock,
        settings: { identity: settings },
        keyringOf: app,
      });
      others.push(other);
      return other;
    },
    register,
    send: (method, path, options = {}) => {
      const { as: userId, instancePermissions = [], organization = "default", on = app } = options;
      const session = { kind: "user", userId, subject: userId, credential: "sess_1" } as const;
      const caller =
        userId === undefined && instancePermissions.length === 0
          ? {}
          : on.as({ ...(userId === undefined ? {} : session), organization, instancePermissions })
              .headers;
      return on.inject({
        method,
        url: `/api/v1${path}`,
        headers: caller,
        ...(options.body === undefined ? {} : { body: options.body }),
        ...(options.address === undefined ? {} : { remoteAddress: options.address }),
      });
    },
    hashes: async () => {
      const { text } = await app.inject({ method: "GET", url: "/metrics" });
      const line = /^portico_identity_password_hashes_total (\d+)$/m.exec(text);
      return Number(line?.[1] ?? 0);
    },
    mailed: (wanted = "verifyEmail") => {
      const link = mails.findLast(({ template }) => template === wanted)?.values["link"];
      return new URL(link ?? "").searchParams.get("token") ?? "";
    },
    person: async (username = "ada", extra = {}) => {
      const reply = await register({ username, ...extra });
      if (reply.status !== 201) throw new Error(`not registered: ${reply.text}`);
      const { user } = reply.json() as { readonly user: { readonly id: string } };
      const found = await people.find(user.id);
      if (found === undefined) throw new Error("not found");
      return found;
    },
    settled: async () => {
      // Elections and polls go by the clock, which stands still by itself.
      const ticking = setInterval(() => void clock.advance(100), 20);
      try {
        await app.settled();
      } finally {
        clearInterval(ticking);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const other of others) await other.stop();
      await app.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** The code of a problem. */
export function code(reply: Pick<Reply, "json">): unknown {
  return (reply.json() as { readonly code?: unknown }).code;
}

function mailPlugin(mails: SentMail[]): AnyPlugin {
  const Mail = capability<{ send(mail: SentMail): Promise<void> }>("mail@1");
  return definePlugin({
    id: "mail",
    version: "1.0.0",
    engine: "^1",
    provides: [Mail],
    start: () =>
      Promise.resolve({
        provides: [
          provide(Mail, {
            send: (mail) => {
              mails.push(mail);
              return Promise.resolve();
            },
          }),
        ],
      }),
  });
}

const allParts = [peoplePart, organizationsPart, sessionsPart(() => undefined), factorsPart];

function joined<TValue>(
  tables: readonly Readonly<Record<string, TValue>>[],
): Readonly<Record<string, TValue>> {
  return Object.fromEntries(tables.flatMap((table) => Object.entries(table)));
}

function roomPlugin(neighbours: Neighbours): AnyPlugin {
  return definePlugin({
    id: "identity",
    version: "1.0.0",
    engine: "^1",
    needs: ["mail"],
    nouns: ["auth", "users"],
    ...peoplePart,
    // The test run's PostgreSQL has the whole pillar's tables.
    tables: joined(allParts.map(({ tables }) => tables)),
    migrations: allParts.flatMap(({ migrations }) => migrations),
    settings: Type.Object(peoplePart.settings),
    errors: { ...identityErrors, ...organizationsPart.errors, ...peoplePart.errors },
    provides: [Identity],
    start: async (ctx) => {
      const people = await startPeople(ctx);
      const face = {
        people: people.face,
        organizations: organizationsTwin(neighbours),
        sessions: sessionsTwin(neighbours),
      };
      return { provides: [provide(Identity, face)], stop: async () => await people.stop?.() };
    },
  });
}

function organizationsTwin({ members, removed }: Neighbours): OrganizationsFace {
  const memberships = (userId: string): Membership[] =>
    members.filter((each) => each.userId === userId);
  return {
    holdingOf: (userId, organization) => {
      const found = memberships(userId).find((each) => each.organization === organization);
      const { roles } = found ?? {};
      return Promise.resolve(
        roles === undefined ? undefined : { roles, permissions: [], grants: [] },
      );
    },
    knownHolding: () => undefined,
    membershipsOf: (userId) => Promise.resolve(memberships(userId)),
    admit: ({ userId, invitation = "default" }) => {
      const membership = { organization: invitation, userId, roles: ["member"] };
      // A transaction may run twice.
      if (memberships(userId).length === 0) members.push(membership);
      return Promise.resolve(membership);
    },
    assign: (membership) => Promise.resolve(membership),
    changing: () => undefined,
    closing: () => undefined,
    removeEverywhere: (userId) => {
      removed.push(userId);
      return Promise.resolve();
    },
  };
}

function sessionsTwin({ opened, ended }: Neighbours): SessionsFace {
  const keys = { keys: [] };
  return {
    open: (session) => {
      opened.push(session);
      return Promise.resolve({
        id: `sess_${opened.length}`,
        accessToken: "at",
        refreshToken: "rt",
        expiresIn: 600,
        cookies: ["sid=1; Path=/; HttpOnly", "csrf=2; Path=/"],
      });
    },
    end: (which) => {
      ended.push(which);
      return Promise.resolve(1);
    },
    renew: () => Promise.resolve(undefined),
    distrust: () => undefined,
    ofCookie: () => Promise.resolve(undefined),
    sign: () => "jwt",
    publicKeys: () => Promise.resolve(keys),
    signingKeys: () => Promise.resolve(keys),
  };
}
