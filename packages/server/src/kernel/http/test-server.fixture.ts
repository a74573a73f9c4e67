import { Type } from "typebox";
import { fillRandom, idMaker, problem, raiser, systemClock, type Clock } from "../../base/index.ts";
import { openSqlite } from "../../drivers/sqlite/index.ts";
import { accessErrors, createAccess, type KernelAccess } from "../access/index.ts";
import {
  operation,
  type Authenticator,
  type Meter,
  type Migration,
  type Operation,
  type PluginContext,
} from "../contract/index.ts";
import {
  createStoreHub,
  migrate,
  storeErrors,
  type Driver,
  type SchemaOwner,
  type Writers,
} from "../store/index.ts";
import { createHttp } from "./create-http.ts";
import { httpErrors } from "./errors.ts";
import type { HttpOptions, InjectReply, InjectRequest, PorticoHttp } from "./options.ts";
import { createProbes, type Probes } from "./probes.ts";
import { httpSchema } from "./schema.ts";

/** The HTTP room alone over a real store, for its own tests: no log, no jobs. */
export interface TestServer extends AsyncDisposable {
  readonly http: PorticoHttp;
  readonly driver: Driver;
  readonly logged: { readonly message: string; readonly fields: object }[];
  send(request: Omit<InjectRequest, "url"> & { readonly path: string }): Promise<InjectReply>;
}

/** What a test may put in place of the defaults. */
export interface TestServerOptions extends Partial<
  Pick<HttpOptions, "limiter" | "config" | "fronts" | "pages" | "intakes" | "mounts" | "observers">
> {
  readonly operations?: readonly Operation[];
  readonly mode?: "production" | "test";
  readonly basePath?: string;
  readonly ownHost?: string;
  readonly clock?: Clock;
  readonly driver?: Driver;
}

const noteErrors = {
  "notes.tooLong": problem(422, "The note is longer than {max} characters."),
  "notes.taken": problem(409, "There is a note of this name."),
};
export const raiseNote = raiser(noteErrors);

interface NoteTables {
  notes_notes: { organization: string; id: string; text: string };
}

const createNotes: Migration = {
  id: "0001-create-notes",
  up: async ({ db, type }) => {
    await db.schema
      .createTable("notes_notes")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("id", type.text, (column) => column.notNull())
      .addColumn("text", type.text, (column) => column.notNull())
      .addPrimaryKeyConstraint("notes_pk", ["organization", "id"])
      .execute();
  },
};
const notesOwner: SchemaOwner = {
  id: "notes",
  tables: { notes_notes: "organization" },
  migrations: [createNotes],
};

/** `X-Test: subject permission permission`; a subject that starts with `bad` is refused. */
const testAuthenticator: Authenticator = {
  id: "test",
  challenge: "Test",
  find: ({ headers }) => {
    const header = headers["x-test"];
    return typeof header === "string" ? header : undefined;
  },
  identify: (credential) => {
    const [subject = "", ...permissions] = credential.split(" ");
    if (subject.startsWith("bad")) throw raiser(accessErrors)("access.unauthenticated");
    return {
      kind: "key",
      organization: subject.split("@")[1] ?? "default",
      subject,
      permissions,
      instancePermissions: permissions.filter((each) => each.startsWith("server:")),
    };
  },
};
const secondAuthenticator: Authenticator = {
  id: "second",
  challenge: 'Basic realm="notes"',
  find: ({ headers }) => (headers["x-second"] === undefined ? undefined : "second"),
  identify: () => {
    throw raiser(accessErrors)("access.unauthenticated");
  },
};

const Note = Type.Object({ id: Type.String(), text: Type.String() });

/** Writes a note; every call that takes effect leaves one row. */
export const createNote = operation({
  id: "notes.create",
  method: "POST",
  path: "/notes",
  summary: "Create a note",
  access: "notes:write",
  mode: "write",
  idempotent: true,
  audit: "none",
  body: Type.Object({ text: Type.String() }, { additionalProperties: false }),
  replies: { 201: Type.Object({ ...Note.properties, secret: Type.Optional(Type.String()) }) },
  errors: ["notes.tooLong"],
  onceOnly: ["secret"],
  example: { body: { text: "Buy milk" } },
  async handle({ body, tx, ctx }) {
    const id = ctx.makeId("note");
    await tx
      .db<NoteTables>()
      .insertInto("notes_notes")
      .values({ id, text: body.text } as never)
      .execute();
    if (body.text === "crash") throw new TypeError("password=hunter2");
    if (body.text === "undeclared") throw raiseNote("notes.taken");
    if (body.text.length > 100) throw raiseNote("notes.tooLong", { params: { max: 100 } });
    return { id, text: body.text, secret: "once", undeclared: "hidden" };
  },
});

const noWriters: Writers = {
  emit: () => ({ id: "evt", statements: [] }),
  enqueue: () => ({ id: "job", statements: [] }),
  audit: () => [],
  committed: () => undefined,
};
const noMeter: Meter = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  gauge: () => undefined,
};
const kernelErrors: HttpOptions["kernelErrors"] = [
  { owner: "request", errors: httpErrors },
  { owner: "access", errors: accessErrors },
  { owner: "store", errors: storeErrors },
];

/** Starts the room with its tables, in memory. */
export async function testServer(given: TestServerOptions = {}): Promise<TestServer> {
  const clock = given.clock ?? systemClock;
  const driver = given.driver ?? (await openSqlite({ file: ":memory:" }));
  await migrate({ driver, owners, version: "0.0.0", clock });
  const logged: TestServer["logged"] = [];
  const http = createHttp(httpOptions({ given, clock, driver, logged }));
  return {
    http,
    driver,
    logged,
    send: ({ path, ...request }) => http.inject({ url: path, ...request }),
    [Symbol.asyncDispose]: async () => {
      await http.close(1_000);
      await driver.close();
    },
  };
}

interface World {
  readonly given: TestServerOptions;
  readonly clock: Clock;
  readonly driver: Driver;
  readonly logged: TestServer["logged"];
}

function httpOptions({ given, clock, driver, logged }: World): HttpOptions {
  const note = (fields: object, message: string): void => void logged.push({ fields, message });
  const makeId = idMaker({ now: clock.now, fill: fillRandom });
  // The operations of these tests use nothing else of their context.
  const logger = { debug: note, info: note, warn: note, error: note };
  const ctx = { makeId, clock, logger } as unknown as PluginContext;
  const operations = given.operations ?? [createNote];
  return {
    operations: operations.map((operation) => ({ operation, plugin: "notes", ctx })),
    pages: given.pages ?? [],
    intakes: given.intakes ?? [],
    mounts: given.mounts ?? [],
    fronts: given.fronts ?? [],
    observers: given.observers ?? [],
    ...(given.limiter === undefined ? {} : { limiter: given.limiter }),
    access: testAccess(),
    hub: createStoreHub({ driver, owners, clock, writers: noWriters }),
    secrets: { derive: () => new Uint8Array(32).fill(7) },
    probes: testProbes(driver, clock),
    kernelErrors,
    clock,
    makeId,
    fillRandom,
    logger,
    meter: noMeter,
    server: {
      configFolder: process.cwd(),
      version: "1.2.3",
      mode: given.mode ?? "production",
      dataFolder: undefined,
      basePath: given.basePath ?? "",
      ownHost: given.ownHost,
      ownPaths: () => [],
      publicUrl: () => "https://api.example.com",
    },
    config: given.config ?? {},
  };
}

const owners = [httpSchema, notesOwner];

function testAccess(): KernelAccess {
  return createAccess({
    authenticators: [testAuthenticator, secondAuthenticator],
    permissions: {
      "notes:write": "organization",
      "notes:read": "organization",
      "server:read": "instance",
    },
  });
}

function testProbes(driver: Driver, clock: Clock): Probes {
  return createProbes({
    driver,
    clock,
    checks: [],
    version: "1.2.3",
    isStarted: () => true,
    metrics: () => Promise.resolve({ contentType: "text/plain", text: "up 1\n" }),
  });
}

/** How many notes are stored, of all organizations. */
export async function countNotes({ driver }: Pick<TestServer, "driver">): Promise<number> {
  const { rows } = await driver.query({ sql: "select id from notes_notes", parameters: [] });
  return rows.length;
}
