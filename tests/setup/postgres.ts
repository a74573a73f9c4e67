import type { TestProject } from "vitest/node";
import {
  cloneDatabase,
  startPostgres,
} from "../../packages/server/src/kernel/testing/postgres-server.ts";
import { openPostgres } from "../../packages/server/src/drivers/postgres/index.ts";
import { schemaOwners } from "../../packages/server/src/kernel/app/index.ts";
import { migrate } from "../../packages/server/src/kernel/store/index.ts";
import {
  MIGRATED_URL_VARIABLE,
  POSTGRES_URL_VARIABLE,
} from "../../packages/server/src/kernel/testing/test-database.ts";
import { builtIns } from "../../packages/server/src/platform.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly postgresUrl: string;
  }
}

/** One PostgreSQL for the whole run; an address in the environment is used instead. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | void> {
  const given = process.env[POSTGRES_URL_VARIABLE];
  if (given !== undefined) {
    project.provide("postgresUrl", given);
    return undefined;
  }
  const server = await startPostgres();
  process.env[MIGRATED_URL_VARIABLE] = await migrated(server.url);
  process.env[POSTGRES_URL_VARIABLE] = server.url;
  project.provide("postgresUrl", server.url);
  return async () => {
    delete process.env[POSTGRES_URL_VARIABLE];
    delete process.env[MIGRATED_URL_VARIABLE];
    await server.stop();
  };
}

/** A template whose tables are those of all built-in plugins: to migrate takes longer than to copy. */
async function migrated(template: string): Promise<string> {
  const url = await cloneDatabase(template, "portico_migrated");
  const driver = await openPostgres({ url, applicationName: "portico-template" });
  try {
    await migrate({ driver, owners: schemaOwners(builtIns()), version: "0.0.0-test" });
  } finally {
    await driver.close();
  }
  return url;
}
