import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, run } from "../../scripts/run.ts";

/** A folder outside the repository, where the tarball is installed as a stranger would. */
let app: string;

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), "portico-client-"));
  await writeFile(join(app, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const packed = await done(root, "node", "scripts/pack-client.ts");
  const tarball = packed.trim().split("\n").at(-1) ?? "";
  await done(app, "npm", "install", "--offline", "--no-audit", "--no-fund", tarball);
}, 120_000);

afterAll(() => rm(app, { recursive: true, force: true }));

/** Runs a command that must succeed; answers what it printed. */
async function done(cwd: string, ...command: readonly string[]): Promise<string> {
  const { code, output } = await run(command, { cwd });
  expect(code, `${command.join(" ")}\n${output}`).toBe(0);
  return output;
}

test("brings compiled code, declarations and nothing else, not even a dependency", async () => {
  expect(await readdir(join(app, "node_modules/@portico"))).toEqual(["client"]);
  const others = (await readdir(join(app, "node_modules"))).filter((name) => !name.startsWith("."));
  expect(others).toEqual(["@portico"]);
  const files = await readdir(join(app, "node_modules/@portico/client"), { recursive: true });
  expect(files).toEqual(expect.arrayContaining(["dist/index.js", "dist/index.d.ts", "LICENSE"]));
  expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\./.test(file))).toEqual([]);
  for (const file of files.filter((each) => each.endsWith(".js"))) {
    const code = await readFile(join(app, "node_modules/@portico/client", file), "utf8");
    expect(code, file).not.toMatch(/ from "(?!\.\/)|\brequire\(|\bBuffer\b/);
  }
});

test("verifies what the library of Standard Webhooks has signed", async () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const at = new Date();
  const body = '{"type":"invoice.paid","timestamp":"2026-01-01T00:00:00Z","data":{"total":42}}';
  const headers = {
    "webhook-id": "evt_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign("evt_1", at, body),
  };
  await writeFile(
    join(app, "receive.js"),
    `import { verify, WebhookError } from "@portico/client";
     const [headers, body, secret] = ${JSON.stringify([headers, body, secret])};
     const event = await verify(new Request("http://a/", { method: "POST", headers, body }), secret);
     console.log(event.type, event.data.total);
     await verify({ headers, body: body + " " }, secret).catch((error) => {
       console.log(error instanceof WebhookError, error.code);
     });`,
  );
  const printed = await done(app, "node", "receive.js");
  expect(printed.trim().split("\n")).toEqual(["invoice.paid 42", "true wrongSignature"]);
});

test("has declarations that a browser's code is checked by", async () => {
  await writeFile(
    join(app, "receive.ts"),
    `import { verify, type VerifiedEvent } from "@portico/client";
     export async function receive(request: Request): Promise<number> {
       const event: VerifiedEvent<{ readonly total: number }> = await verify(request, ["whsec_a"]);
       return event.data.total;
     }`,
  );
  const options = {
    strict: true,
    noEmit: true,
    module: "nodenext",
    lib: ["es2023", "dom"],
    types: [],
  };
  await writeFile(
    join(app, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, files: ["receive.ts"] }),
  );
  expect(await done(app, join(root, "node_modules/.bin/tsc"), "-p", ".")).toBe("");
});
