import { createTestApp, fakeClock, openTestDatabase, storeKinds } from "portico/testing";
import type { FakeClock, SeenEvent, StoreKind, TestApp } from "portico/testing";
import { expect } from "vitest";
import { keys } from "./index.ts";

/** What a creation answers. */
export interface Created {
  readonly id: string;
  readonly key: string;
}

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  json(): unknown;
}

/** An app with the keys pillar, its clock and its log. */
export interface Bench extends AsyncDisposable {
  readonly app: TestApp;
  readonly clock: FakeClock;
  /** What is on the organization's log. */
  events(): Promise<readonly SeenEvent[]>;
  /** Everything that was logged. */
  readonly logged: () => string;
  create(body?: object): Promise<Created>;
  /** A request with these headers to an operation for which `keys:read` is needed. */
  ask(headers: Record<string, string>): Promise<Reply>;
}

/**
 * The databases this run has. Without the repository's test setup (a copy of this folder beside the installed package)
 * there is no PostgreSQL; within it, the run fails when the databases did not run the same cases.
 */
export const kinds: readonly StoreKind[] = storeKinds.filter(
  (kind) => kind !== "postgres" || process.env["PORTICO_TEST_POSTGRES_URL"] !== undefined,
);

/** The least that a key is made of, with a permission to try it by. */
export const body = { name: "Acme", permissions: ["keys:read"] };

/** Starts an app on a fresh database. */
export async function bench(kind: StoreKind, settings: object = {}): Promise<Bench> {
  const database = await openTestDatabase(kind);
  const clock = fakeClock();
  const lines: unknown[] = [];
  const write = (fields: object, message: string): void => void lines.push(fields, message);
  const app = await createTestApp({
    plugins: [keys()],
    driver: database.driver,
    clock,
    settings: { keys: settings },
    logger: { debug: write, info: write, warn: write, error: write },
  });
  return {
    app,
    clock,
    events: async () => {
      // Elections and polls of the log go by the clock, which stands still by itself.
      const ticking = setInterval(() => void clock.advance(100), 20);
      try {
        return await app.events();
      } finally {
        clearInterval(ticking);
      }
    },
    logged: () => JSON.stringify(lines),
    create: async (extra = {}) => {
      const reply = await app.as().post("/keys", { ...body, ...extra });
      expect(reply.status).toBe(201);
      return reply.json() as Created;
    },
    ask: (headers) => app.inject({ method: "GET", url: "/api/v1/keys", headers }),
    async [Symbol.asyncDispose]() {
      await app.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A key as a request carries it. */
export function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

/** The code of a problem. */
export function code(reply: Reply): unknown {
  return (reply.json() as { code?: unknown }).code;
}

/** What tests look at behind the door. */
export interface KeyTable {
  readonly keys_keys: {
    readonly id: string;
    readonly hash: Uint8Array;
    readonly revoked_at: number | null;
  };
}

type VerbOptions = Readonly<Record<string, string | boolean | readonly string[]>>;

/** Runs `portico keys <name>` within the app. */
export function runVerb(
  app: TestApp,
  name: string,
  ...[options, given = {}]: [VerbOptions, Readonly<Record<string, string>>?]
): Promise<{ readonly data: unknown; readonly text: string }> {
  const found = app.cliVerbs().find(({ verb }) => verb.noun === "keys" && verb.verb === name);
  if (found === undefined) throw new Error(`no verb keys ${name}`);
  return found.verb.run(found.ctx, { arguments: given, options }, () => undefined);
}
