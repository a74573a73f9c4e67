import { systemClock, fillRandom, type Clock } from "../../base/index.ts";
import { openSqlite } from "../../drivers/sqlite/index.ts";
import { assemble, type Portico } from "../app/index.ts";
import { validateSettings, type Pin } from "../config/index.ts";
import { isJsonType } from "../contract/index.ts";
import type { AnyPlugin, Caller, LogEvent, Logger } from "../contract/index.ts";
import type { InjectReply } from "../http/index.ts";
import { createOutbound } from "../outbound/index.ts";
import { createSecrets, fingerprints, openKeyring, type Keyring } from "../secrets/index.ts";
import type { Driver } from "../store/index.ts";
import { createMeter, silentLogger } from "../telemetry/index.ts";
import { testCallers, type TestCallers } from "./test-callers.ts";

/** What a test app is made of. */
export interface TestAppOptions {
  readonly plugins: readonly AnyPlugin[];
  /** Settings by plugin id, checked against each plugin's schema. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Settings that count as given by a file or a variable: dotted path → where. */
  readonly pinned?: Readonly<Record<string, Pin>>;
  /** True to start as if no setting were stored. */
  readonly isStoredIgnored?: boolean;
  /** An open driver, closed with the app; SQLite in memory when left out. */
  readonly driver?: Driver;
  /** The machine's clock when left out; see `fakeClock`. */
  readonly clock?: Clock;
  /** Networks that guarded outbound calls may reach; loopback when left out. */
  readonly outboundAllow?: readonly string[];
  /** All addresses of a name that an outbound call goes to; DNS when left out. */
  readonly outboundLookup?: (name: string) => Promise<readonly string[]>;
  readonly logger?: Logger;
  /** Another test app on the same database, whose keyring this one has too: a second process, or a second start. */
  readonly keyringOf?: TestApp;
  /** Path prefix of Portico's own surface; none when left out. */
  readonly basePath?: string;
  /** Host name of Portico's own surface; every host when left out. */
  readonly ownHost?: string;
  /** Where callers reach the server, until it listens; `http://portico.test` when left out. */
  readonly publicUrl?: string;
  /** Every transaction function runs twice, the first time in vain; true when left out. */
  readonly runTwice?: boolean;
}

/** A server under test: real store, log, jobs and HTTP, no socket unless asked for. */
export interface TestApp extends Portico {
  /** Speaks as somebody; with nothing given, as an organization's all-powerful user. */
  as(caller?: Partial<Caller>): TestClient;
  /** Every event of an organization so far, oldest first: type, subject and data, parsed where it is JSON. */
  events(organization?: string): Promise<readonly SeenEvent[]>;
}

/** An event as a test looks at it. */
export interface SeenEvent {
  readonly type: string;
  readonly subject: string | null;
  readonly data: unknown;
  readonly event: LogEvent;
}

/** Requests of one caller, below `/api/v1`. */
export interface TestClient {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<InjectReply>;
  post(
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<InjectReply>;
  patch(
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<InjectReply>;
  delete(path: string, headers?: Readonly<Record<string, string>>): Promise<InjectReply>;
  readonly headers: Readonly<Record<string, string>>;
}

/** A caller who may do everything in one organization. */
const POWERFUL: Partial<Caller> = { permissions: ["*"], instancePermissions: [] };

/**
 * Assembles and starts a server for a test; `await using` ends it.
 *
 * @example
 * await using app = await createTestApp({ plugins: [notes] });
 * const made = await app.as().post("/notes", { text: "Buy milk" });
 * expect(made.status).toBe(201);
 * expect(await app.events()).toMatchObject([{ type: "note.created" }]);
 */
export async function createTestApp(options: TestAppOptions): Promise<TestApp> {
  const callers = testCallers();
  const keyring = keyringFor(options.keyringOf);
  const clock = options.clock ?? systemClock;
  const driver = options.driver ?? (await openSqlite({ file: ":memory:", clock }));
  const server: { portico?: Portico; url: string } = {
    url: options.publicUrl ?? "http://portico.test",
  };
  const portico = await assemble({
    plugins: [...options.plugins, callers.plugin],
    settings: settingsOf(options),
    configuration: {
      pinned: options.pinned ?? {},
      kernel: {},
      isStoredIgnored: options.isStoredIgnored ?? false,
    },
    driver,
    clock,
    fillRandom,
    logger: options.logger ?? silentLogger,
    meter: createMeter({ version: "0.0.0-test" }),
    secrets: createSecrets(keyring),
    fingerprints: fingerprints(keyring),
    outbound: createOutbound({
      allow: options.outboundAllow ?? ["127.0.0.0/8", "::1/128"],
      clock,
      ...(options.outboundLookup === undefined ? {} : { lookup: options.outboundLookup }),
    }),
    server: {
      version: "0.0.0-test",
      mode: "test",
      basePath: options.basePath ?? "",
      ownHost: options.ownHost,
      dataFolder: undefined,
      configFolder: process.cwd(),
      publicUrl: () => server.url,
    },
    http: {},
    runTwice: options.runTwice ?? true,
  });
  await portico.start();
  const app: TestApp = {
    ...portico,
    listen: async (host, port) => {
      const listening = await portico.listen(host, port);
      server.url = listening.url;
      return listening;
    },
    as: (caller) =>
      clientOf({ portico, basePath: options.basePath ?? "" }, callers, caller ?? POWERFUL),
    events: (organization = "default") => eventsOf(portico, organization),
  };
  keyrings.set(app, keyring);
  return app;
}

const keyrings = new WeakMap<TestApp, Keyring>();

function keyringFor(other: TestApp | undefined): Keyring {
  return (other && keyrings.get(other)) ?? openKeyring({ memory: true });
}

function settingsOf(options: TestAppOptions): Readonly<Record<string, unknown>> {
  const checked = validateSettings(options.plugins, options.settings ?? {});
  if (checked.ok) return checked.value;
  throw new TypeError(`settings of the test app: ${JSON.stringify(checked.reason)}`);
}

interface Place {
  readonly portico: Portico;
  readonly basePath: string;
}

function clientOf(
  { portico, basePath }: Place,
  callers: TestCallers,
  caller: Partial<Caller>,
): TestClient {
  const own = callers.headers(caller);
  const send =
    (method: string) =>
    (path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
      portico.inject({
        method,
        url: `${basePath}/api/v1${path}`,
        headers: { ...own, ...headers },
        ...(body === undefined ? {} : { body }),
      });
  return {
    get: (path, headers) => send("GET")(path, undefined, headers),
    post: send("POST"),
    patch: send("PATCH"),
    delete: (path, headers) => send("DELETE")(path, undefined, headers),
    headers: own,
  };
}

async function eventsOf(portico: Portico, organization: string): Promise<readonly SeenEvent[]> {
  await portico.settled();
  const page = await portico.spine.log.page({ organization, limit: 1_000, order: "oldest" });
  return page.map((event) => ({
    type: event.type,
    subject: event.subject,
    data: isJsonType(event.contentType)
      ? (JSON.parse(new TextDecoder().decode(event.data)) as unknown)
      : event.data,
    event,
  }));
}
