import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, runCli, startServer, type ServerProcess } from "./server-process.ts";
import { openPostgresReader, openSqliteReader, type StoredReader } from "./stored.ts";

/** What an installation is made with. */
export interface InstallationOptions {
  /** A PostgreSQL database of its own; SQLite in a fresh folder when left out. */
  readonly postgresUrl?: string;
  /** Program of a packed installation; the source tree's when left out. */
  readonly cli?: string;
  /** Where the folder is made: another disk, say. */
  readonly parent?: string;
  /** Laid over the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The configuration as a module, where it holds plugins: its text, given the rest as JSON. */
  readonly module?: (json: string) => string;
}

/** What an API call was answered with. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** A folder with a configuration and a root key, whose server is started, stopped and killed as a test likes. */
export interface Installation extends AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly key: string;
  /** With the prefix of the API. */
  readonly url: string;
  start(env?: Readonly<Record<string, string>>): Promise<ServerProcess>;
  /** Another process on the same PostgreSQL, with a data folder and a port of its own. */
  startAnother(): Promise<ServerProcess>;
  call(method: string, path: string, body?: unknown): Promise<Answered>;
  /** The database, for whoever reads it behind the server's back. */
  read(): Promise<StoredReader>;
}

/** Makes an installation that may call receivers on loopback. */
export async function createInstallation(options: InstallationOptions): Promise<Installation> {
  const folder = await mkdtemp(join(options.parent ?? tmpdir(), "portico-chaos-"));
  const config = JSON.stringify({
    outbound: { allow: ["127.0.0.0/8"] },
    log: { level: "warn" },
    ...(options.postgresUrl === undefined ? {} : { database: { url: options.postgresUrl } }),
    ...options.config,
  });
  const [name, text] =
    options.module === undefined
      ? ["portico.config.json", config]
      : ["portico.config.mjs", options.module(config)];
  await writeFile(join(folder, name), text);
  const cli = options.cli === undefined ? {} : { cli: options.cli };
  const made = await runCli(["keys", "create", "--root", "--json"], { folder, ...cli });
  if (made.code !== 0) throw new Error(`keys create ended with ${made.code}: ${made.stderr}`);
  const { key } = JSON.parse(made.stdout) as { readonly key: string };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/api/v1`;
  return {
    folder,
    port,
    key,
    url,
    start: (env = {}) => startServer({ folder, port, env, ...cli }),
    startAnother: async () => {
      const env = {
        PORTICO_DATA: join(folder, "another"),
        PORTICO_KEYRING_FILE: join(folder, ".portico/keyring.json"),
      };
      return await startServer({ folder, port: await freePort(), env, ...cli });
    },
    call: (method, path, body) => call(`${url}${path}`, { method, key, body }),
    read: () =>
      options.postgresUrl === undefined
        ? Promise.resolve(openSqliteReader(join(folder, ".portico/portico.db")))
        : openPostgresReader(options.postgresUrl),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function call(
  url: string,
  { method, key, body }: { readonly method: string; readonly key: string; readonly body: unknown },
): Promise<Answered> {
  const reply = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
}

/** Calls and fails unless it is answered with this status. */
export async function must(
  { call: ask }: Pick<Installation, "call">,
  status: number,
  [method, path, body]: readonly [method: string, path: string, body?: unknown],
): Promise<unknown> {
  const answered = await ask(method, path, body);
  if (answered.status === status) return answered.body;
  throw new Error(`${method} ${path}: ${answered.status} ${JSON.stringify(answered.body)}`);
}
