import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { loadPostgres } from "../packages/server/src/kernel/testing/postgres-binaries.ts";
import { freePort } from "../tests/chaos/server-process.ts";

/** A PostgreSQL in which each row has a database of its own. */
export interface BenchPostgres extends AsyncDisposable {
  /** Of the postmaster, where it is ours. */
  readonly pid: number | undefined;
  /** Makes a fresh database and answers its URL. */
  createDatabase(): Promise<string>;
}

const FLAGS = [
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=200",
  "shared_buffers=256MB",
  "max_wal_size=4GB",
];

/** Uses the server at this address, or starts a private one with `fsync` and `synchronous_commit` on, as they are by default. */
export async function openBenchPostgres(url: string | undefined): Promise<BenchPostgres> {
  if (url !== undefined) {
    return {
      pid: undefined,
      createDatabase: () => createDatabase(url),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { EmbeddedPostgres, remove } = await loadPostgres();
  const folder = await mkdtemp(join(tmpdir(), "portico-bench-postgres-"));
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: "portico",
    password: "portico",
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--no-sync"],
    postgresFlags: FLAGS.flatMap((flag) => ["-c", flag]),
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  const [pid = ""] = (await readFile(join(folder, "postmaster.pid"), "utf8")).split("\n");
  return {
    pid: Number(pid),
    createDatabase: () => createDatabase(`postgres://portico:portico@127.0.0.1:${port}/postgres`),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
      await remove();
    },
  };
}

async function createDatabase(admin: string): Promise<string> {
  const name = `bench_${randomBytes(6).toString("hex")}`;
  const client = new Client({ connectionString: admin });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.href;
}
