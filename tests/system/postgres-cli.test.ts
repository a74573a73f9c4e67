// The commands of an installation that keeps its data in PostgreSQL.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  startPostgres,
  type PostgresServer,
} from "../../packages/server/src/kernel/testing/postgres-server.ts";
import { openFolder, portico, serve, type Folder } from "./portico-process.ts";

let postgres: PostgresServer;
let folder: Folder;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  postgres = await startPostgres();
  folder = await openFolder();
  env = { DATABASE_URL: postgres.url };
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await postgres.stop();
});

test("migrate, doctor, keys and audit do their work, and backup says what to do instead", async () => {
  const run = (...words: readonly string[]) => portico(folder, words, env);
  const json = async (...words: readonly string[]): Promise<Record<string, unknown>> => {
    const { code, out, err } = await run(...words, "--json");
    expect([code, err]).toEqual([0, expect.not.stringContaining("error")]);
    return JSON.parse(out) as Record<string, unknown>;
  };
  const { pending } = await json("migrate", "plan");
  expect((pending as readonly unknown[]).length).toBeGreaterThan(5);
  expect(await json("migrate", "status")).toMatchObject({ versions: {}, pending });
  expect(await json("migrate", "up")).toMatchObject({ applied: pending });
  expect(await json("migrate", "up")).toMatchObject({ applied: [] });
  expect(await json("migrate", "status")).toMatchObject({ pending: [] });
  expect(await json("doctor")).toMatchObject({ failed: 0 });

  const { id, key } = await json("keys", "create", "--root");
  expect(key).toMatch(/^ptc_live_/);
  expect(JSON.stringify(await json("keys", "list"))).toContain(String(id));
  expect((await run("audit", "verify")).code).toBe(0);

  for (const words of [
    ["backup", "create"],
    ["restore", "copy.db", "--yes"],
  ]) {
    const { code, out, err } = await run(...words);
    expect([code === 0, out]).toEqual([false, ""]);
    expect(err).toMatch(/pg_dump|pg_basebackup|PostgreSQL/);
    expect(err).not.toMatch(/\.ts:\d|node_modules|portico:portico@/);
  }
});

test("two servers share a database and its keyring, and a key made through one opens the other", async () => {
  await using other = await openFolder();
  const alone = await portico(other, ["start", "--port", "0"], env);
  expect([alone.code === 0, alone.err.includes("code: secrets.wrongKeyring")]).toEqual([
    false,
    true,
  ]);
  const keyring = join(folder.path, ".portico", "keyring.json");
  await using one = await serve(folder, ["start"], env);
  await using two = await serve(other, ["start"], { ...env, PORTICO_KEYRING_FILE: keyring });
  const made = await portico(folder, ["keys", "create", "--root", "--json"], env);
  const { key } = JSON.parse(made.out) as { readonly key: string };
  for (const { url } of [one, two]) {
    const reply = await fetch(`${url}/api/v1/keys`, { headers: { "x-api-key": key } });
    expect(reply.status).toBe(200);
  }
});

test("a database that is not there is told without its password", async () => {
  await using empty = await openFolder();
  const url = "postgres://portico:hunter2@127.0.0.1:1/portico";
  for (const words of [["start"], ["doctor"], ["migrate", "status"], ["keys", "list"]]) {
    const { code, out, err } = await portico(empty, words, { DATABASE_URL: url });
    expect(code).not.toBe(0);
    expect(err).toContain("code: ");
    expect(out + err).not.toContain("hunter2");
    expect(out + err).not.toMatch(/\.ts:\d|node_modules/);
  }
});
