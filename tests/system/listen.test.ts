// `portico listen`, `portico trigger` and `portico events tail` as they are typed, on a running server.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, runCli, startServer } from "../chaos/server-process.ts";
import { root } from "../../scripts/run.ts";

interface Got {
  readonly headers: Record<string, string>;
  readonly body: string;
}

const CLI = join(root, "packages/server/src/cli/main.ts");
const children = new Set<ChildProcess>();
const got: Got[] = [];
let status = 204;
let folder: string;
let url: string;
let stop: () => Promise<unknown>;

const program = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    got.push({ headers: request.headers as Record<string, string>, body });
    response.writeHead(status).end();
  });
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "portico-listen-"));
  const server = await startServer({ folder, port: await freePort(), cli: CLI });
  stop = () => server.stop();
  program.listen(0, "127.0.0.1");
  await once(program, "listening");
  const address = program.address();
  if (address === null || typeof address === "string") throw new TypeError("no port was given");
  url = `http://localhost:${address.port}/hook`;
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await stop();
  program.closeAllConnections();
  program.close();
  await rm(folder, { recursive: true, force: true });
});

/** Starts a command that goes on; what it prints grows in `lines`. */
function begin(...words: readonly string[]): { readonly lines: () => readonly string[] } {
  const child = spawn(process.execPath, [CLI, ...words], { cwd: folder });
  children.add(child);
  let out = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  child.stderr.on("data", (chunk) => (out += String(chunk)));
  return { lines: () => out.split("\n").filter((line) => line !== "") };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 20));
}

async function trigger(...words: readonly string[]): Promise<string> {
  const made = await runCli(["trigger", ...words, "--json"], { folder, cli: CLI });
  expect(made.code, made.stderr).toBe(0);
  return (JSON.parse(made.stdout) as { readonly id: string }).id;
}

test("listen delivers what is triggered, signed, and tells status and time; --replay does it again", async () => {
  const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
  const options = ["--forward", url, "--types", "invoice.*", "--secret", secret];
  const listening = begin("listen", ...options);
  await until(() => listening.lines().length > 0);
  expect(listening.lines()[0]).toContain(secret);
  const other = await trigger("order.made");
  const id = await trigger("invoice.paid", "--data", '{ "total": 1.0 }', "--subject", "inv_1");
  await until(() => listening.lines().length > 1);
  expect(listening.lines()[1]).toMatch(new RegExp(`^invoice\\.paid +${id} +→ +204 in \\d+ ms$`));
  expect(got.map(({ headers }) => headers["webhook-id"])).toEqual([id]);
  expect(other).not.toBe(id);
  const [first] = got;
  const event = new Webhook(secret).verify(first?.body ?? "", first?.headers ?? {});
  expect(event).toMatchObject({ id, type: "invoice.paid", data: { total: 1 } });
  expect(first?.body).toContain('{ "total": 1.0 }');

  status = 500;
  const replayed = await runCli(["listen", ...options, "--replay", id, "--json"], {
    folder,
    cli: CLI,
  });
  expect(replayed.code, replayed.stderr).toBe(0);
  expect(JSON.parse(replayed.stdout)).toMatchObject({ id, type: "invoice.paid", status: 500 });
  expect(got).toHaveLength(2);
  new Webhook(secret).verify(got[1]?.body ?? "", got[1]?.headers ?? {});
  status = 204;
});

test("listen says what it cannot begin with, and of a program that is not there that it failed", async () => {
  for (const words of [[], ["--forward", "not a url"], ["--forward", "ftp://localhost/"]]) {
    const refused = await runCli(["listen", ...words], { folder, cli: CLI });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("webhooks.badListen");
  }
  const port = await freePort();
  const id = await trigger("invoice.paid");
  const replayed = await runCli(
    ["listen", "--forward", `http://127.0.0.1:${port}/`, "--replay", id, "--json"],
    { folder, cli: CLI },
  );
  expect(JSON.parse(replayed.stdout)).toMatchObject({ id, status: null });
});

test("events tail shows events as they are accepted, as many as were asked for", async () => {
  const tailing = begin("events", "tail", "--types", "tail.*", "--count", "2", "--json");
  // What was accepted before it followed is not shown: so it is asked again.
  while (tailing.lines().length === 0) await trigger("tail.ready", "--data", '{"n":1}');
  await trigger("tail.again", "--data", '{"text":"žluťoučký 🐎"}');
  await until(() => tailing.lines().length === 2);
  const shown = tailing.lines().map((line) => JSON.parse(line) as { type: string; data: unknown });
  expect(shown[0]).toMatchObject({ type: "tail.ready", data: { n: 1 } });
});

test("trigger takes the data of the last event of the type, and refuses what is no JSON or is Portico's own", async () => {
  await trigger("example.seen", "--data", '{"known":true}');
  const id = await trigger("example.seen");
  const tail = await runCli(["events", "tail", "--types", "example.*", "--count", "0"], {
    folder,
    cli: CLI,
  });
  expect(tail.code).toBe(0);
  const listening = await runCli(["listen", "--forward", url, "--replay", id, "--json"], {
    folder,
    cli: CLI,
  });
  expect(listening.code).toBe(0);
  expect(got.at(-1)?.body).toContain('"data":{"known":true}');
  for (const [words, code] of [
    [["a b"], "events.badOption"],
    [["example.seen", "--data", "{"], "events.badOption"],
    [["webhook.created"], "events.reservedType"],
  ] as const) {
    const refused = await runCli(["trigger", ...words], { folder, cli: CLI });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(code)]);
  }
});
