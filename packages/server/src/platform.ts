import { existsSync } from "node:fs";
import { fillRandom, systemClock, type Problem } from "./base/index.ts";
import { openSqlite } from "./drivers/sqlite/index.ts";
import { assemble, type AssembleOptions, type Portico } from "./kernel/app/index.ts";
import { kernelOf, secretsOf, type ResolvedConfig } from "./kernel/config/index.ts";
import { openDataFolder, type DataFolder } from "./kernel/data/index.ts";
import type { AnyPlugin, ServerFacts } from "./kernel/index.ts";
import { createOutbound } from "./kernel/outbound/index.ts";
import { createSecrets, fingerprints, openKeyring, type Keyring } from "./kernel/secrets/index.ts";
import type { Driver } from "./kernel/store/index.ts";
import { createLogger, createMeter, type RootLogger } from "./kernel/telemetry/index.ts";
import { admin } from "./pillars/admin/index.ts";
import { docs } from "./pillars/docs/index.ts";
import { events } from "./pillars/events/index.ts";
import { gateway } from "./pillars/gateway/index.ts";
import { identity } from "./pillars/identity/index.ts";
import { inbox } from "./pillars/inbox/index.ts";
import { insight } from "./pillars/insight/index.ts";
import { jobs } from "./pillars/jobs/index.ts";
import { keys } from "./pillars/keys/index.ts";
import { limits } from "./pillars/limits/index.ts";
import { mail } from "./pillars/mail/index.ts";
import { oauth } from "./pillars/oauth/index.ts";
import { sources } from "./pillars/sources/index.ts";
import { webhooks } from "./pillars/webhooks/index.ts";
import { VERSION } from "./version.ts";

/**
 * The pillars, in the order in which their authenticators, fronts and checks are asked. Made anew for each server: what
 * some of them contribute remembers things of the one server it serves.
 */
export function builtIns(): readonly AnyPlugin[] {
  return [
    keys(),
    mail,
    identity(),
    oauth(),
    limits(),
    events,
    jobs,
    webhooks,
    sources,
    gateway(),
    insight(),
    admin,
    docs,
  ];
}

/** What there is in development only: in production its paths are nobody's. */
function inDevelopment({ mode }: ResolvedConfig): readonly AnyPlugin[] {
  return mode === "development" ? [inbox()] : [];
}

/** A server over a configuration: {@link Portico}, and where it lives. */
export interface Server extends Portico {
  readonly config: ResolvedConfig;
  /** Undefined when everything is in memory. */
  readonly folder: DataFolder | undefined;
  readonly logger: RootLogger;
  /** Settles when the database is lost for this process, never otherwise; `portico start` then ends with 70. */
  readonly lost: Promise<Problem>;
  /** Listens where the configuration says, and answers the URL. */
  serve(): Promise<{ readonly url: string }>;
}

/**
 * Opens the data folder and the database, and assembles a server of the built-in pillars and the configuration's
 * plugins. Nothing runs before `start`. Throws `data.locked`, `app.invalid`, `store.unavailable`, `store.newerSchema`.
 */
export async function openServer(config: ResolvedConfig): Promise<Server> {
  const isMemory = config.data === ":memory:";
  const folder = isMemory ? undefined : openDataFolder(config.data);
  const logger = createLogger({ ...config.log, secrets: secretsOf(config) });
  const opened: { driver?: Driver } = {};
  try {
    const address = { url: config.server.publicUrl };
    const keyring = keyringOf(config, folder);
    opened.driver = await openDriver(config, folder);
    const portico = await assemble({
      ...ingredientsOf(config, { keyring, logger, driver: opened.driver }),
      server: factsOf(config, folder, () => address.url),
    });
    return {
      ...portico,
      config,
      folder,
      logger,
      lost: opened.driver.lost ?? new Promise<never>(() => undefined),
      serve: async () => {
        const listening = await portico.listen(config.server.host, config.server.port);
        address.url ??= listening.url;
        return listening;
      },
      stop: async (deadlineMs) => {
        try {
          await portico.stop(deadlineMs);
        } finally {
          folder?.release();
          logger.flush();
        }
      },
    };
  } catch (error) {
    await opened.driver?.close();
    folder?.release();
    throw error;
  }
}

function ingredientsOf(
  config: ResolvedConfig,
  opened: {
    readonly keyring: Keyring;
    readonly logger: RootLogger;
    readonly driver: Driver;
  },
): Omit<AssembleOptions, "server"> {
  const { keyring, logger, driver } = opened;
  const meter = createMeter({ version: VERSION, process: true });
  return {
    plugins: [...builtIns(), ...inDevelopment(config), ...config.plugins],
    settings: config.settings,
    configuration: {
      pinned: config.pinned,
      kernel: kernelOf(config),
      isStoredIgnored: !config.database.storedSettings,
    },
    driver,
    clock: systemClock,
    fillRandom,
    logger,
    meter,
    secrets: createSecrets(keyring),
    fingerprints: fingerprints(keyring),
    outbound: createOutbound({ allow: config.outbound.allow, clock: systemClock, meter }),
    http: {
      bodyBytesMax: config.server.bodyBytesMax,
      trustedProxies: config.server.trustedProxies,
      corsOrigins: config.server.cors.origins,
    },
  };
}

async function openDriver(config: ResolvedConfig, folder: DataFolder | undefined): Promise<Driver> {
  const { url } = config.database;
  if (url !== undefined) {
    // Loaded only where it is used: a server on SQLite never pays for it.
    const { openPostgres } = await import("./drivers/postgres/index.ts");
    return openPostgres({ url, applicationName: "portico" });
  }
  return openSqlite({ file: folder?.database ?? ":memory:" });
}

/**
 * The keyring of an installation, made with its data folder. Open it before the database: one that is there without its
 * keyring has lost it, and a new ring would open nothing that is sealed.
 */
export function keyringOf(config: ResolvedConfig, folder: DataFolder | undefined): Keyring {
  const mounted = config.keyring.file;
  if (mounted !== undefined)
    return openKeyring({ file: mounted, create: "never", access: "mounted" });
  if (folder === undefined) return openKeyring({ memory: true });
  const create = existsSync(folder.database) ? "never" : "ifAbsent";
  return openKeyring({ file: folder.keyring, create });
}

function factsOf(
  config: ResolvedConfig,
  folder: DataFolder | undefined,
  url: () => string | undefined,
): Omit<ServerFacts, "ownPaths"> {
  const { host, port, basePath, ownHost } = config.server;
  return {
    version: VERSION,
    mode: config.mode,
    basePath,
    ownHost,
    dataFolder: folder?.folder,
    configFolder: config.configFolder,
    publicUrl: () => url() ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
  };
}
