import { Buffer } from "node:buffer";
import { Type } from "typebox";
import { add, definePlugin, provide } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { createTestApp, fakeClock, openTestDatabase } from "portico/testing";
import type { FakeClock, StoreKind, TestApp, TestDatabase } from "portico/testing";
import { Identity } from "../capability.ts";
import { identityErrors } from "../errors.ts";
import { factorErrors } from "../factors/errors.ts";
import { factorsPart } from "../factors/part.ts";
import { HOLDING_CHANGES } from "../organizations/face.ts";
import type { Holding, OrganizationsFace } from "../organizations/face.ts";
import { organizationsPart } from "../organizations/part.ts";
import { peopleErrors, raise } from "../people/errors.ts";
import { PEOPLE_CHANGES } from "../people/face.ts";
import { peoplePart } from "../people/part.ts";
import type { PeopleFace, Person } from "../people/face.ts";
import { SecondFactors } from "./face.ts";
import type { SecondFactor } from "./face.ts";
import { sessionsPart } from "./part.ts";
import type { SessionsRoom } from "./room.ts";
import { startSessions } from "./start.ts";

/** Somebody, where they belong, and a password. */
export interface Somebody extends Person {
  readonly password: string;
  /** Organization → what it allows there, oldest first. */
  readonly holdings: Readonly<Record<string, Holding>>;
}

/** People and memberships in memory, shared by all servers of one test as one database would be. */
export type World = Map<string, Somebody>;

const PASSWORD = "correct horse battery staple";

/** A person with one membership of `default`. */
export function somebody(id: string, part: Partial<Somebody> = {}): Somebody {
  return {
    id,
    username: id.replace("user_", ""),
    displayName: "Ada",
    email: `${id}@example.com`,
    isEmailVerified: true,
    state: "active",
    instancePermissions: [],
    createdAt: 0,
    password: PASSWORD,
    holdings: { default: holding("notes:read") },
    ...part,
  };
}

/** A holding of these permissions. */
export function holding(...permissions: readonly string[]): Holding {
  return { roles: ["member"], permissions, grants: [] };
}

/** What a sign-in answers. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
  readonly sessionId: string;
  readonly user: Readonly<Record<string, unknown>>;
}

/** What a request is answered. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  json(): unknown;
}

/** How a server under test is made. */
export interface BenchOptions {
  readonly settings?: object;
  /** An https address when left out. */
  readonly publicUrl?: string;
  readonly factor?: Omit<SecondFactor, "id">;
}

/** A server with sessions over people in memory. */
export interface Bench extends AsyncDisposable {
  readonly app: TestApp;
  readonly clock: FakeClock;
  readonly world: World;
  readonly database: TestDatabase;
  readonly logged: () => string;
  login(body?: object, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  signIn(username?: string, more?: object): Promise<Tokens>;
  refresh(refreshToken: string, of?: TestApp): Promise<Reply>;
  /** `GET /sessions/current` with a bearer token. */
  ask(accessToken: string, of?: TestApp): Promise<Reply>;
  /** Another server on the same PostgreSQL. */
  another(): Promise<TestApp>;
  /** Changes a person as the rooms of people and organizations do. */
  change(id: string, part: Partial<Somebody>, kind?: string): Promise<void>;
  /** Events and their types so far. */
  events(organization?: string): Promise<readonly { type: string; data: unknown }[]>;
}

/** Starts a server on a fresh database. */
export async function bench(kind: StoreKind, options: BenchOptions = {}): Promise<Bench> {
  const database = await openTestDatabase(kind);
  const clock = fakeClock();
  const world: World = new Map();
  for (const person of [somebody("user_ada"), somebody("user_bob")]) world.set(person.id, person);
  const lines: unknown[] = [];
  const write = (fields: object, message: string): void => void lines.push(fields, message);
  const logger = { debug: write, info: write, warn: write, error: write };
  const settings = { identity: options.settings ?? {} };
  const make = (more: object): Promise<TestApp> =>
    createTestApp({
      plugins: [fakeIdentity(world, options.factor)],
      publicUrl: options.publicUrl ?? ORIGIN,
      clock,
      settings,
      logger,
      ...more,
    });
  const app = await make({ driver: database.driver });
  const others: TestApp[] = [];
  const post = (path: string, body: object, headers = {}, of = app): Promise<Reply> =>
    of.inject({ method: "POST", url: `/api/v1${path}`, body, headers: { ...LOCAL, ...headers } });
  const it: Bench = {
    app,
    clock,
    world,
    database,
    logged: () => JSON.stringify(lines),
    login: (body = {}, headers = {}) =>
      post("/auth/login", { username: "ada", password: PASSWORD, ...body }, headers),
    signIn: async (username = "ada", more = {}) => {
      const reply = await it.login({ username, ...more });
      if (reply.status !== 200) throw new Error(reply.text);
      return reply.json() as Tokens;
    },
    refresh: (refreshToken, of) => post("/auth/refresh", { refreshToken }, {}, of),
    ask: (accessToken, of = app) =>
      of.inject({ url: "/api/v1/sessions/current", headers: bearer(accessToken) }),
    another: async () => {
      const other = await make({ driver: await database.openAnother(), keyringOf: app });
      others.push(other);
      return other;
    },
    change: (id, part, changed = PEOPLE_CHANGES) => change(it, { id, part, changed }),
    events: async (organization) => {
      const ticking = setInterval(() => void clock.advance(100), 20);
      try {
        return await app.events(organization);
      } finally {
        clearInterval(ticking);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const each of [...others, app]) await each.stop();
      await database[Symbol.asyncDispose]();
    },
  };
  return it;
}

/** Where the server is reached. */
export const ORIGIN = "https://id.example.com";

/** Headers of a request from this machine. */
const LOCAL = { "user-agent": "Test/1.0" };

/** A bearer token as a request carries it. */
export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** What an access token says; nothing of it is checked. */
export function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

/** The code of a refusal. */
export function code(reply: Reply): unknown {
  return (reply.json() as { code?: unknown }).code;
}

async function change(
  { app, world }: Bench,
  { id, part, changed }: { readonly id: string; readonly part: object; readonly changed: string },
): Promise<void> {
  const ctx = app.context("identity");
  const { sessions } = ctx.get(Identity);
  sessions.distrust(id);
  await ctx.store.transaction(
    { scope: { organization: "default" }, origin: ctx.newOrigin("test") },
    async (tx) => {
      const before = world.get(id);
      if (before !== undefined) world.set(id, { ...before, ...part });
      tx.changed(changed, id);
    },
  );
}

function fakeIdentity(world: World, factor: BenchOptions["factor"]): AnyPlugin {
  let running: SessionsRoom | undefined;
  const { settings, ...part } = sessionsPart(() => running);
  return definePlugin({
    ...part,
    // The test run's PostgreSQL has the whole pillar's tables.
    tables: Object.fromEntries(
      [peoplePart, organizationsPart, part, factorsPart].flatMap(({ tables }) =>
        Object.entries(tables),
      ),
    ),
    migrations: [peoplePart, organizationsPart, part, factorsPart].flatMap(
      ({ migrations }) => migrations,
    ),
    id: "identity",
    version: "1.0.0",
    engine: "^1",
    nouns: ["auth", "users", "sessions"],
    settings: Type.Object(settings),
    errors: { ...identityErrors, ...part.errors, ...peopleErrors, ...factorErrors },
    contributes: [
      ...part.contributes,
      ...(factor === undefined ? [] : [add(SecondFactors, { id: "test", ...factor })]),
    ],
    provides: [Identity, ...(part.provides ?? [])],
    start: async (ctx) => {
      const sessions = await startSessions(ctx, (room) => {
        running = room;
      });
      const face = {
        people: peopleOf(world),
        organizations: organizationsOf(world),
        sessions: sessions.face,
      };
      return {
        provides: [provide(Identity, face), ...(sessions.provides ?? [])],
        stop: () => sessions.stop?.() ?? Promise.resolve(),
      };
    },
  });
}

function peopleOf(world: World): PeopleFace {
  const named = (username?: string, email?: string): Somebody | undefined =>
    [...world.values()].find((each) => each.username === username || each.email === email);
  return {
    find: async (id) => world.get(id),
    findMany: async (ids) => ids.flatMap((id) => world.get(id) ?? []),
    findByEmail: async (email) => named(undefined, email),
    checkPassword: async ({ username, email, password }) => {
      const person = named(username, email);
      const isRight = person?.password === password && person.state === "active";
      if (person === undefined || !isRight) throw raise("identity.badCredentials");
      return person;
    },
    confirmPassword: () => Promise.resolve(),
    create: notHere,
    newPassword: notHere,
    release: notHere,
    changing: (id, tx) => tx.changed(PEOPLE_CHANGES, id),
    deviceToken: (id) => ({ token: `dev_${id}`, cookie: `portico-device=dev_${id}` }),
    deviceIn: () => undefined,
  };
}

function notHere(): Promise<never> {
  return Promise.reject(new Error("this is no part of the fixture"));
}

function organizationsOf(world: World): OrganizationsFace {
  return {
    holdingOf: async (userId, organization) => world.get(userId)?.holdings[organization],
    knownHolding: (userId, organization) => world.get(userId)?.holdings[organization],
    membershipsOf: async (userId) =>
      Object.entries(world.get(userId)?.holdings ?? {}).map(([organization, { roles }]) => ({
        organization,
        userId,
        roles,
      })),
    admit: notHere,
    assign: notHere,
    removeEverywhere: notHere,
    changing: (id, tx) => tx.changed(HOLDING_CHANGES, id),
    closing: () => undefined,
  };
}
