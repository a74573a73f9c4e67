import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect, it } from "vitest";
import { openTestDatabase } from "../../kernel/testing/test-database.ts";
import { startPostgres } from "../../kernel/testing/postgres-server.ts";
import type { TestDatabase } from "../../kernel/testing/test-database.ts";
import { openPostgres } from "./index.ts";

const COMMIT = Buffer.from("commit\0");

/** When the way to the database breaks: with COMMIT still here, or with its answer under way. */
type Cut = "before COMMIT arrives" | "before its answer returns";

interface Way extends AsyncDisposable {
  readonly url: string;
  /** The next COMMIT on this way is the last thing its connection sees. */
  breakAtCommit(cut: Cut, after?: { readonly isClosed: boolean }): void;
  /** Settles when it has broken. */
  readonly broken: Promise<void>;
  /** Lets connections through again. */
  open(): void;
}

/** A way to the database that breaks on demand. */
async function openWay(to: string): Promise<Way> {
  const target = new URL(to);
  const sockets = new Set<Socket>();
  let armed: { readonly cut: Cut; readonly isClosed: boolean } | undefined;
  let isClosed = false;
  const broken = Promise.withResolvers<void>();
  const server = createServer((near) => {
    if (isClosed) return near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        near.destroy();
        sockets.delete(socket);
      });
    }
    let isCut = false;
    near.on("data", (chunk: Buffer) => {
      if (armed === undefined || !chunk.includes(COMMIT)) return void far.write(chunk);
      const { cut } = armed;
      isClosed = armed.isClosed;
      armed = undefined;
      isCut = true;
      broken.resolve();
      if (cut === "before COMMIT arrives") far.destroy();
      else far.write(chunk);
    });
    far.on("data", (chunk: Buffer) => {
      if (isCut) far.destroy();
      else near.write(chunk);
    });
    return undefined;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(to);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    broken: broken.promise,
    open: () => {
      isClosed = false;
    },
    breakAtCommit: (cut, after = { isClosed: false }) => {
      armed = { cut, isClosed: after.isClosed };
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function openWithTable(): Promise<TestDatabase> {
  const database = await openTestDatabase("postgres");
  await database.driver.migrate(async (tx) => {
    await tx.execute({ sql: "create table thing (id text primary key)", parameters: [] });
  });
  return database;
}

async function isStored(database: TestDatabase): Promise<boolean> {
  const sql = "select id from thing";
  return (await database.driver.query({ sql, parameters: [] })).rows.length === 1;
}

const insert = { sql: "insert into thing (id) values ($1)", parameters: ["a"] };
const coded = (code: string): unknown => expect.objectContaining({ code });

const writes = {
  "a transaction": (driver: TestDatabase["driver"]) =>
    driver.transaction((tx) => tx.execute(insert)),
  "a batch": (driver: TestDatabase["driver"]) => driver.append([insert]),
  "a batch among neighbours": (driver: TestDatabase["driver"]) =>
    Promise.all([driver.append([insert]), driver.append([{ ...insert, sql: "select $1::text" }])]),
} as const;

it.each(Object.entries(writes))(
  "tells %s that it is stored when only the answer of its commit was lost",
  async (_name, write) => {
    await using database = await openWithTable();
    await using way = await openWay(database.url ?? "");
    const driver = await openPostgres({ url: way.url, idleMs: 5_000 });
    way.breakAtCommit("before its answer returns");
    await write(driver);
    expect(await isStored(database)).toBe(true);
    await driver.close();
  },
);

it.each(Object.entries(writes))(
  "tells %s that nothing is stored when its COMMIT never arrived",
  async (_name, write) => {
    await using database = await openWithTable();
    await using way = await openWay(database.url ?? "");
    const driver = await openPostgres({ url: way.url, idleMs: 5_000 });
    way.breakAtCommit("before COMMIT arrives");
    await expect(write(driver)).rejects.toEqual(coded("store.unavailable"));
    expect(await isStored(database)).toBe(false);
    await write(driver);
    expect(await isStored(database)).toBe(true);
    await driver.close();
  },
);

it("says that it does not know when the database stays away", async () => {
  await using database = await openWithTable();
  await using way = await openWay(database.url ?? "");
  const driver = await openPostgres({ url: way.url, idleMs: 5_000, outcomeMs: 300 });
  way.breakAtCommit("before its answer returns", { isClosed: true });
  await expect(driver.append([insert])).rejects.toEqual(coded("store.outcomeUnknown"));
  expect(await isStored(database)).toBe(true);
  await driver.close();
});

it("stores batches that wait together in one transaction a lane", async () => {
  await using database = await openWithTable();
  const ids = Array.from({ length: 60 }, (_, index) => `thing ${index}`);
  await Promise.all(ids.map((id) => database.driver.append([{ ...insert, parameters: [id] }])));
  const sql = "select count(*) as things, count(distinct xmin::text) as commits from thing";
  const { rows } = await database.driver.query({ sql, parameters: [] });
  expect(Number(rows[0]?.["things"])).toBe(60);
  expect(Number(rows[0]?.["commits"])).toBeLessThan(10);
});

it("does not take a transaction for stored whose number a crash of the database gave to another", async () => {
  const postgres = await startPostgres();
  try {
    await using way = await openWay(postgres.url);
    const driver = await openPostgres({ url: way.url, idleMs: 5_000 });
    const other = await openPostgres({ url: postgres.url, idleMs: 5_000 });
    await other.migrate(async (tx) => {
      await tx.execute({ sql: "create table thing (id text primary key)", parameters: [] });
    });
    // COMMIT does not arrive, and until the database is back nobody is there to be asked.
    way.breakAtCommit("before COMMIT arrives", { isClosed: true });
    const writing = driver.append([insert]).catch((error: unknown) => error);
    await way.broken;
    await postgres.restart();
    for (let index = 0; index < 20; index += 1) {
      await other.append([{ ...insert, parameters: [`other ${index}`] }]).catch(() => undefined);
    }
    way.open();
    expect(await writing).toEqual(coded("store.outcomeUnknown"));
    const sql = "select id from thing where id = 'a'";
    expect((await other.query({ sql, parameters: [] })).rows).toEqual([]);
    await driver.close();
    await other.close();
  } finally {
    await postgres.stop();
  }
});
