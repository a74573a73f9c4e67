import { add, Authenticators, capability, definePlugin, isProblem, provide } from "portico/kernel";
import type { AnyPlugin, Caller, PluginContext, Tx } from "portico/kernel";
import { createTestApp } from "portico/testing";
import type { OpenTestDatabase, TestApp, TestAppOptions } from "portico/testing";
import { Identity } from "../capability.ts";
import { identity } from "../plugin.ts";
import type { PeopleFace } from "../people/face.ts";
import type { OrganizationsFace } from "./face.ts";

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  readonly text: string;
  json(): unknown;
}

/** Requests of one person in one organization, whose rights are looked up at each. */
export interface PersonClient {
  get(path: string): Promise<Reply>;
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  patch(path: string, body: unknown): Promise<Reply>;
  delete(path: string): Promise<Reply>;
}

/** A mail that was sent. */
export interface SentMail {
  readonly to: string;
  readonly template: string;
  readonly values: Readonly<Record<string, string>>;
}

/** An app with the identity pillar. */
export interface Bench extends AsyncDisposable {
  readonly app: TestApp;
  readonly face: OrganizationsFace;
  readonly people: PeopleFace;
  readonly mails: readonly SentMail[];
  /** A transaction of the pillar, as another room of it would have. */
  change<TValue>(run: (tx: Tx) => Promise<TValue>, organization?: string): Promise<TValue>;
  /** As the sessions room makes callers: of what the person holds at this moment. */
  person(userId: string, organization?: string): PersonClient;
  /** Makes somebody a member with these roles. */
  member(userId: string, roles?: readonly string[], organization?: string): Promise<void>;
}

const PERSON = "x-test-person";

function personCallers(started: (ctx: PluginContext) => void): AnyPlugin {
  const held: { ctx?: PluginContext } = {};
  const identify = async (credential: string): Promise<Caller> => {
    const [userId = "", organization = ""] = credential.split("@");
    const holding = await held.ctx?.get(Identity).organizations.holdingOf(userId, organization);
    return {
      kind: "user",
      organization,
      subject: userId,
      userId,
      permissions: holding?.permissions ?? [],
      instancePermissions: [],
      grants: holding?.grants ?? [],
    };
  };
  return definePlugin({
    id: "persons",
    version: "1.0.0",
    engine: "^1",
    needs: ["identity"],
    contributes: [
      add(Authenticators, {
        id: "persons",
        challenge: "Person",
        find: ({ headers }) => {
          const value = headers[PERSON];
          return typeof value === "string" ? value : undefined;
        },
        identify,
      }),
    ],
    start: (ctx) => {
      held.ctx = ctx;
      started(ctx);
      return Promise.resolve();
    },
  });
}

/** Starts an app; without a database on SQLite in memory. */
export async function bench(
  options: Partial<TestAppOptions> & {
    readonly database?: Awaited<ReturnType<OpenTestDatabase>>;
  } = {},
): Promise<Bench> {
  const held: { ctx?: PluginContext } = {};
  const mails: SentMail[] = [];
  const { database, ...rest } = options;
  const app = await createTestApp({
    ...rest,
    plugins: [
      mailPlugin(mails),
      identity(),
      ...(options.plugins ?? []),
      personCallers((ctx) => (held.ctx = ctx)),
    ],
    ...(database === undefined ? {} : { driver: database.driver }),
  });
  if (held.ctx === undefined) throw new Error("the app has not started");
  const { organizations: face, people } = held.ctx.get(Identity);
  const change: Bench["change"] = (run, organization = "default") =>
    app.spine.hub.transaction(
      { scope: { organization }, origin: { cause: "test", trace: "0".repeat(32), actor: "test" } },
      (session) => run(session.as("identity")),
    );
  return {
    app,
    face,
    people,
    mails,
    change,
    person: (userId, organization = "default") => personClient(app, `${userId}@${organization}`),
    member: async (userId, roles = ["member"], organization = "default") => {
      await change((tx) => face.assign({ organization, userId, roles }, tx));
    },
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

function personClient(app: TestApp, credential: string): PersonClient {
  const send = async (
    method: string,
    path: string,
    more: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Reply> =>
    await app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { [PERSON]: credential, ...more.headers },
      ...(more.body === undefined ? {} : { body: more.body }),
    });
  return {
    get: (path) => send("GET", path),
    post: (path, body, headers = {}) => send("POST", path, { body, headers }),
    patch: (path, body) => send("PATCH", path, { body }),
    delete: (path) => send("DELETE", path),
  };
}

function mailPlugin(mails: SentMail[]): AnyPlugin {
  const Mail = capability<{ send(mail: SentMail): Promise<void> }>("mail@1");
  const send = (mail: SentMail): Promise<void> => {
    mails.push(mail);
    return Promise.resolve();
  };
  return definePlugin({
    id: "mail",
    version: "1.0.0",
    engine: "^1",
    provides: [Mail],
    start: () => Promise.resolve({ provides: [provide(Mail, { send })] }),
  });
}

/** The code of a problem. */
export function code(reply: Reply): unknown {
  return (reply.json() as { code?: unknown }).code;
}

/** Status and code. */
export function outcome(reply: Reply): readonly unknown[] {
  return [reply.status, code(reply)];
}

/** The code that a promise is refused with. */
export async function refusal(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return isProblem(error) ? error.code : error;
  }
}
