import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../../packages/server/src/cli/main.ts", import.meta.url));

const children = new Set<ChildProcess>();
let root = "";
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "portico-cli-"));
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(root, { recursive: true });
});

async function folder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  count += 1;
  const path = await mkdtemp(join(root, `${count}-`));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

function launch(cwd: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [MAIN, ...words], { cwd, env: { PATH, HOME, ...env } });
  children.add(child);
  child.once("close", () => children.delete(child));
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (text.out += String(chunk)));
  child.stderr.on("data", (chunk) => (text.err += String(chunk)));
  child.stdin.end();
  return { child, text };
}

async function portico(cwd: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { child, text } = launch(cwd, words, env);
  const [code] = await once(child, "close");
  return { code: Number(code), ...text };
}

async function seen(text: { readonly out: string }, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(text.out);
    if (found !== null) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
}

describe("every command", () => {
  test("gives data on stdout and nothing else", async () => {
    const cwd = await folder();
    expect(await portico(cwd, ["-V"])).toMatchObject({ code: 0, out: "0.1.0\n", err: "" });
    const { out } = await portico(cwd, ["version", "--json"]);
    expect(JSON.parse(out)).toEqual({
      portico: "0.1.0",
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    });
  });

  test("that is mistyped ends with 2, what was wrong and where to look", async () => {
    const cwd = await folder();
    const { code, out, err } = await portico(cwd, ["start", "--prot", "1"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(
      "error: Unknown option '--prot' (Did you mean --port?).\n  fix:  Run: portico start --help\n  code: cli.usage\n",
    );
    expect((await portico(cwd, ["banana"])).code).toBe(2);
    expect((await portico(cwd, ["keys"])).code).toBe(2);
  });

  test("refuses a wrong configuration with all its mistakes and 78", async () => {
    const cwd = await folder({ "portico.config.json": '{"server":{"prot":1},"gatway":{}}' });
    const { code, out, err } = await portico(cwd, ["start"], { PORT: "x" });
    expect({ code, out }).toEqual({ code: 78, out: "" });
    expect(err.split("\n")[0]).toBe("error: The configuration has 3 mistakes.");
    expect(err).toContain(
      '  - server.port: got "x", expected an integer from 0 to 65535 (PORT in environment)',
    );
    expect(err).toContain("did you mean gateway?");
    const json = await portico(cwd, ["config", "print", "--json"]);
    expect(JSON.parse(json.err)).toMatchObject({ code: "config.invalid", exit: 78, status: 500 });
  });

  test("is in the help, the plugins' among them, whatever the configuration", async () => {
    const cwd = await folder();
    const { code, out } = await portico(cwd, ["--help"]);
    expect(code).toBe(0);
    for (const word of ["init", "dev", "start", "migrate", "backup", "restore", "doctor", "keys"]) {
      expect(out).toMatch(new RegExp(`^  ${word}\\b`, "m"));
    }
    await writeFile(join(cwd, "portico.config.json"), "{");
    expect((await portico(cwd, ["--help"])).code).toBe(0);
  });
});

describe("portico init", () => {
  test("writes a configuration that loads, a private .env, and never overwrites", async () => {
    const cwd = await folder({ ".gitignore": "dist/\n.env" });
    const first = await portico(cwd, ["init", "--upstream", "http://127.0.0.1:3000"]);
    expect(first.code).toBe(0);
    expect((await stat(join(cwd, ".env"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(cwd, ".gitignore"), "utf8")).toBe(
      "dist/\n.env\n.portico/\n.env.local\n",
    );
    const again = await portico(cwd, ["init"]);
    expect([again.code, again.err.includes("cli.wouldOverwrite")]).toEqual([1, true]);
    const printed = await portico(cwd, ["config", "print", "--sources", "--json"]);
    expect(printed.err).toBe("");
    const { settings } = JSON.parse(printed.out);
    expect(settings).toContainEqual({
      path: "server.port",
      value: 8080,
      source: "portico.config.ts",
    });
    expect((await portico(cwd, ["init", "--force"])).code).toBe(0);
  });
});

describe("a running server", () => {
  test("answers commands, keeps its folder, and drains on SIGTERM", async () => {
    const cwd = await folder();
    const { child, text } = launch(cwd, ["start", "--port", "0"]);
    const url = (await seen(text, /"url":"(http:[^"]+)"/))[1] ?? "";
    const made = await portico(cwd, ["keys", "create", "--root", "--json"]);
    const { id, key } = JSON.parse(made.out);
    const answer = await fetch(`${url}/api/v1/keys`, { headers: { "x-api-key": key } });
    expect(answer.status).toBe(200);
    expect((await portico(cwd, ["keys", "list"])).out).toContain(id);
    const second = await portico(cwd, ["start", "--port", "0"]);
    expect([second.code, second.err.includes("data.locked")]).toEqual([75, true]);
    expect(existsSync(join(cwd, ".portico", "control.sock"))).toBe(true);
    const backup = await portico(cwd, ["backup", "create", "b.db", "--json"]);
    expect(backup.code).toBe(0);
    expect((await portico(cwd, ["restore", "b.db", "-y"])).code).toBe(75);
    child.kill("SIGTERM");
    expect((await once(child, "close"))[0]).toBe(0);
    expect(text.out).not.toContain(key);
    const restored = await portico(cwd, ["restore", "b.db", "-y", "--json"]);
    expect(existsSync(JSON.parse(restored.out).kept)).toBe(true);
    expect((await portico(cwd, ["keys", "list"])).out).toContain(id);
  });

  test("in development prints its addresses, one root key the first time, and what it allows", async () => {
    const cwd = await folder();
    const words = ["dev", "--port", "0", "--upstream", "http://127.0.0.1:9"];
    const first = launch(cwd, words);
    await seen(first.text, /root key \(shown this once\): ptc_live_/);
    expect(first.text.out).toContain("/_portico/api/v1");
    expect(first.text.err).toContain("127.0.0.0/8");
    first.child.kill("SIGINT");
    await once(first.child, "close");
    const second = launch(cwd, words);
    await seen(second.text, /└/);
    second.child.kill("SIGINT");
    expect((await once(second.child, "close"))[0]).toBe(0);
    expect(second.text.out).not.toContain("root key");
  });

  test("on a port that is taken ends with 75 and says what to do", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const address = squatter.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { code, err } = await portico(await folder(), ["start", "--port", String(port)]);
    squatter.close();
    expect([code, err.includes("cli.portTaken")]).toEqual([75, true]);
  });
});

test("doctor, migrate and audit work with no server running", async () => {
  const cwd = await folder();
  const plan = await portico(cwd, ["migrate", "plan", "--json"]);
  expect(JSON.parse(plan.out).pending.length).toBeGreaterThan(5);
  const before = await portico(cwd, ["migrate", "status", "--json"]);
  expect(JSON.parse(before.out)).toMatchObject({ versions: {} });
  expect((await portico(cwd, ["migrate"])).code).toBe(0);
  expect(JSON.parse((await portico(cwd, ["migrate", "status", "--json"])).out).pending).toEqual([]);
  const doctor = await portico(cwd, ["doctor", "--json"]);
  expect([doctor.code, JSON.parse(doctor.out).failed]).toEqual([0, 0]);
  const strict = await portico(cwd, ["doctor", "--strict"], {
    PORTICO_OUTBOUND_ALLOW: "10.0.0.0/8",
  });
  expect([strict.code, strict.err.includes("cli.doctorWarned")]).toEqual([3, true]);
  expect((await portico(cwd, ["audit", "verify"])).out).toContain("intact");
});

test("doctor --fix puts right what it may, after a yes only, and tells how it stands then", async () => {
  const cwd = await folder();
  const data = join(cwd, ".portico");
  const { child, text } = launch(cwd, ["start", "--port", "0"]);
  await seen(text, /"url":"(http:[^"]+)"/);
  // While it runs: a start closes its folder by itself.
  await chmod(data, 0o755);
  const told = await portico(cwd, ["doctor"]);
  expect([told.code, told.out.includes("others can read")]).toEqual([1, true]);
  const asked = await portico(cwd, ["doctor", "--fix", "--no-input"]);
  expect([asked.code, asked.err.includes("--yes")]).toEqual([2, true]);
  expect((await stat(data)).mode & 0o777).toBe(0o755);
  const fixed = await portico(cwd, ["doctor", "--fix", "--yes", "--json"]);
  expect([fixed.code, JSON.parse(fixed.out).failed]).toEqual([0, 0]);
  expect(fixed.err).toContain("fixed data.private");
  expect((await stat(data)).mode & 0o777).toBe(0o700);
  child.kill("SIGTERM");
  await once(child, "close");
});
