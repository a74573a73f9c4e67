import type { TestProject } from "vitest/node";
import { startPostgres } from "../../packages/server/src/kernel/testing/postgres-server.ts";
import { POSTGRES_URL_VARIABLE } from "../../packages/server/src/kernel/testing/test-database.ts";

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
  process.env[POSTGRES_URL_VARIABLE] = server.url;
  project.provide("postgresUrl", server.url);
  return async () => {
    delete process.env[POSTGRES_URL_VARIABLE];
    await server.stop();
  };
}
