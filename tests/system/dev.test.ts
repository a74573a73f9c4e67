// `portico dev` as a developer uses it: what he saves is taken over, what is broken is told, and nobody who calls meanwhile
// is turned away.
import { symlinkSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { root } from "../../scripts/run.ts";
import { launch, openFolder, type Folder, type Running } from "./portico-process.ts";

const MAIN = join(root, "packages/server/src/cli/main.ts");

const plugin = (text: string): string => `
  import { definePlugin, operation } from "portico/kernel";
  import { Type } from "typebox";
  export const notes = definePlugin({ id: "notes", version: "1.0.0", engine: "^1", operations: [
    operation({ id: "notes.say", method: "GET", path: "/say", summary: "Say", access: "public",
      mode: "read", replies: { 200: Type.Object({ text: Type.String() }) }, example: {},
      handle: () => ({ text: ${JSON.stringify(text)} }) }),
  ] });
`;
const config = (upstream: string, more = ""): string => `
  import { notes } from "./notes.ts";
  export default {
    plugins: [notes],
    gateway: { apis: [{ id: "app", basePath: "/app", upstream: ${JSON.stringify(upstream)} }] },
    ${more}
  };
`;

const started: Running[] = [];
afterEach(async () => {
  for (const dev of started.splice(0)) {
    dev.signal("SIGTERM");
    await dev.ended;
  }
});

async function project(): Promise<Folder> {
  const folder = await openFolder({
    "package.json": '{"type":"module"}',
    "notes.ts": plugin("one"),
    "portico.config.ts": config("http://127.0.0.1:9"),
  });
  symlinkSync(join(root, "node_modules"), join(folder.path, "node_modules"));
  return folder;
}

interface Dev {
  readonly running: Running;
  readonly url: string;
  readonly say: () => Promise<string>;
}

async function dev(folder: Folder, ...words: readonly string[]): Promise<Dev> {
  const running = launch([process.execPath, MAIN, "dev", "--port", "0", ...words], {
    cwd: folder.path,
  });
  started.push(running);
  const [, url = ""] = await running.says(/API {2}\s*(http:\/\/\S+?)(?:\/_portico)?\/api\/v1/);
  return {
    running,
    url,
    say: async () => {
      const answer = await fetch(`${url}/api/v1/say`);
      return ((await answer.json()) as { readonly text: string }).text;
    },
  };
}

/** Puts a file in place at once, as editors do. */
async function save(folder: Folder, name: string, text: string): Promise<void> {
  const path = join(folder.path, name);
  await writeFile(`${path}.saving`, text);
  await rename(`${path}.saving`, path);
}

test("a plugin that is saved is taken over, and no request that comes meanwhile is refused", async () => {
  await using folder = await project();
  const { running, url, say } = await dev(folder);
  expect(await say()).toBe("one");
  const statuses: (number | string)[] = [];
  let isOver = false;
  const callers = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      // A connection of its own each time: those kept alive end with the server that they led to.
      const answer = await fetch(`${url}/api/v1/say`, { headers: { connection: "close" } }).catch(
        (error: unknown) => String(error),
      );
      statuses.push(typeof answer === "string" ? answer : answer.status);
      if (typeof answer !== "string") await answer.arrayBuffer();
    }
  });
  await save(folder, "notes.ts", plugin("two"));
  await running.tells(/dev: changed: notes\.ts\n(?:.*\n)*dev: restarted; requests waited up to/);
  isOver = true;
  await Promise.all(callers);
  expect(await say()).toBe("two");
  expect(statuses.length).toBeGreaterThan(20);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
});

test("what is broken is told with its place, and the server goes on until it is mended", async () => {
  await using folder = await project();
  const { running, say } = await dev(folder);
  await save(folder, "notes.ts", `import "./more.ts";${plugin("three")}`);
  await running.tells(/more\.ts(?:.*\n)*dev: not in order: the server goes on as it was/);
  expect(await say()).toBe("one");
  // A file that is imported for the first time is watched too, though it was what broke.
  await save(folder, "more.ts", "export const x = {{;");
  await save(folder, "notes.ts", `import "./more.ts"; ${plugin("three")}`);
  await running.tells(/in \S*more\.ts:1/);
  expect(await say()).toBe("one");
  await save(folder, "more.ts", "export const x = 1;");
  await running.tells(/dev: restarted/);
  expect(await say()).toBe("three");
});

test("mistakes that only the assembly or the gateway finds are told before the server is stopped", async () => {
  await using folder = await project();
  const { running, say } = await dev(folder);
  await save(folder, "notes.ts", plugin("four").replace('access: "public"', 'access: "no:such"'));
  await running.tells(/no:such(?:.*\n)*dev: not in order: the server goes on as it was/);
  await save(folder, "notes.ts", plugin("one"));
  const twice = `{ id: "app", upstream: "http://127.0.0.1:9" }, { id: "app", upstream: "http://127.0.0.1:8" }`;
  const wrong = config("http://127.0.0.1:9").replace(/apis: \[.*\]/, `apis: [${twice}]`);
  await save(folder, "portico.config.ts", wrong);
  await running.tells(/gateway(?:.*\n)*dev: not in order/);
  expect(await say()).toBe("one");
});

test("a setting that is saved is told with its values, secrets hidden, and is in force", async () => {
  await using folder = await project();
  const { running, url } = await dev(folder);
  await save(
    folder,
    "portico.config.ts",
    config("http://127.0.0.1:9", `server: { cors: { origins: ["https://a.test"] } },`),
  );
  await running.tells(/server\.cors\.origins.*https:\/\/a\.test(?:.*\n)*dev: restarted/);
  const headers = { origin: "https://a.test" };
  const answer = await fetch(`${url}/api/v1/health`, { headers });
  expect(answer.headers.get("access-control-allow-origin")).toBe("https://a.test");
});

test("the gateway's settings are swapped in the running server, and a mistake in them leaves the old ones", async () => {
  await using folder = await project();
  const { running, url } = await dev(folder);
  const more = `{ id: "other", basePath: "/other", upstream: "http://127.0.0.1:9", routes: [{ path: "/x" }] }`;
  const two = config("http://127.0.0.1:9").replace("apis: [", `apis: [${more}, `);
  const unknown = async (path: string): Promise<boolean> => {
    const answer = await fetch(`${url}${path}`);
    return ((await answer.json()) as { readonly code: string }).code === "request.notFound";
  };
  expect(await unknown("/other/x")).toBe(true);
  await save(folder, "portico.config.ts", two);
  await running.tells(/\+ other: (?:.*\n)*dev: reloaded, with no request interrupted/);
  expect([await unknown("/other/x"), await unknown("/app/x")]).toEqual([false, false]);
  await save(folder, "portico.config.ts", two.replace('id: "other"', 'id: "app"'));
  await running.tells(/not in order/);
  expect([await unknown("/other/x"), await unknown("/app/x")]).toEqual([false, false]);
  await save(folder, "portico.config.ts", config("http://127.0.0.1:9"));
  await running.tells(/- other: (?:.*\n)*dev: reloaded/);
  expect(await unknown("/other/x")).toBe(true);
});

test("SIGINT drains and ends with 0; what the command was given wrongly ends it at once", async () => {
  await using folder = await project();
  const { running, url } = await dev(folder);
  const second = launch([process.execPath, MAIN, "dev", "--port", "0"], { cwd: folder.path });
  expect(await second.ended).toMatchObject({
    code: 75,
    err: expect.stringContaining("data.locked"),
  });
  running.signal("SIGINT");
  expect((await running.ended).code).toBe(0);
  await expect(fetch(`${url}/livez`)).rejects.toThrow("fetch failed");

  const bad = await openFolder({ "portico.config.json": '{"server":{"prot":1}}' });
  const command = [process.execPath, MAIN, "dev"];
  expect((await launch(command, { cwd: bad.path }).ended).code).toBe(78);
  const alone = launch([...command, "--openapi", "x.yaml"], { cwd: bad.path });
  expect(await alone.ended).toMatchObject({ code: 2, err: expect.stringContaining("--upstream") });
  await bad[Symbol.asyncDispose]();

  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const address = squatter.address();
  const port = typeof address === "object" && address !== null ? String(address.port) : "";
  await using free = await project();
  const taken = launch([...command, "--port", port], { cwd: free.path });
  expect(await taken.ended).toMatchObject({
    code: 75,
    err: expect.stringContaining("cli.portTaken"),
  });
  squatter.close();
});

test("no server outlives a supervisor that was killed", async () => {
  await using folder = await project();
  const { running } = await dev(folder);
  running.signal("SIGKILL");
  await running.ended;
  // The folder is free again once the server has ended.
  for (;;) {
    const next = launch([process.execPath, MAIN, "keys", "list"], { cwd: folder.path });
    const { code } = await next.ended;
    if (code === 0) break;
    expect(code).toBe(75);
  }
  const again = await dev(folder);
  expect(await again.say()).toBe("one");
});
