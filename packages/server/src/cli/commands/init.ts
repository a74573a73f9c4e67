import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { raise } from "../errors.ts";
import { ask } from "../terminal.ts";
import type { Globals, Output } from "../terminal.ts";

const IGNORED = [".portico/", ".env", ".env.local"];

/** What `portico init` may be told. */
export interface InitOptions {
  readonly upstream?: string;
  readonly force?: boolean;
}

function gatewaySection(upstream: string): string {
  if (upstream === "") {
    return '  // gateway: { apis: [{ id: "app", upstream: "http://127.0.0.1:3000" }] },\n';
  }
  return `  gateway: { apis: [{ id: "app", upstream: ${JSON.stringify(upstream)} }] },\n`;
}

function configText(upstream: string): string {
  return `import { defineConfig } from "portico";

// Every setting has a default. \`portico config print --sources\` shows all of them and where each comes from.
// Environment variables win over this file: PORT, HOST, DATABASE_URL, PORTICO_SERVER_PUBLIC_URL, ...
export default defineConfig({
  server: { port: 8080 },
${gatewaySection(upstream)}});
`;
}

const ENV_TEXT = `# Read by portico at start; the real environment wins. Keep it out of version control.
# PORT=8080
# PORTICO_SERVER_PUBLIC_URL=https://api.example.com
# DATABASE_URL=postgres://user:password@localhost:5432/portico
`;

function missingLines(file: string): string {
  const there = existsSync(file) ? readFileSync(file, "utf8") : "";
  const known = new Set(there.split(/\r?\n/));
  const missing = IGNORED.filter((line) => !known.has(line));
  const gap = there === "" || there.endsWith("\n") ? "" : "\n";
  return missing.length === 0 ? "" : `${gap}${missing.join("\n")}\n`;
}

function questionUpstream(globals: Globals): Promise<string> {
  const text = "URL of the application to put Portico in front of?";
  const isSilent = !globals.input || !process.stdin.isTTY;
  // The one question has a good default, so that a script needs no flag.
  return isSilent ? Promise.resolve("") : ask({ text, fallback: "", flag: "--upstream" }, globals);
}

/** `portico init`: writes portico.config.ts, .env (0600) and lines of .gitignore; overwrites only with `--force`. */
export async function init(globals: Globals, options: InitOptions): Promise<Output> {
  const { cwd } = globals;
  const config = join(cwd, "portico.config.ts");
  const env = join(cwd, ".env");
  const there = [config, env].filter((file) => existsSync(file));
  if (there.length > 0 && options.force !== true) {
    const files = `${there.join(" and ")} ${there.length === 1 ? "is" : "are"}`;
    throw raise("cli.wouldOverwrite", { params: { files } });
  }
  const upstream = options.upstream ?? (await questionUpstream(globals));
  await mkdir(cwd, { recursive: true });
  await writeFile(config, configText(upstream));
  await writeFile(env, ENV_TEXT, { mode: 0o600 });
  await chmod(env, 0o600);
  const ignore = join(cwd, ".gitignore");
  await writeFile(ignore, missingLines(ignore), { flag: "a" });
  const created = [config, env, ignore];
  const text = created.map((file) => `wrote ${file}`).join("\n");
  return { data: { created }, text, hint: "Next: portico dev" };
}
