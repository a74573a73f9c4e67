// Stages dist/package (compiled code, declarations, rewritten exports and bin) and makes a tarball: `npm run pack`.
// The bill of materials, dist/sbom.cdx.json, lies beside it.
// npm applies no publishConfig.exports, and Node strips no types under node_modules: hence a staged folder.
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { root, run } from "./run.ts";
import { writeSbom } from "./security/sbom.ts";

const server = join(root, "packages/server");
const staged = join(root, "dist/package");

/** The fields of packages/server/package.json that change on the way. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function compiled(path: string, extension: string): string {
  return path.replace(/^\.\/src\//, "./dist/").replace(/\.ts$/, extension);
}

function stageManifest(manifest: Manifest): void {
  const exports: Record<string, unknown> = {};
  for (const [door, path] of Object.entries(manifest.exports)) {
    exports[door] = path.endsWith(".ts")
      ? { types: compiled(path, ".d.ts"), default: compiled(path, ".js") }
      : path;
  }
  const bin: Record<string, string> = {};
  for (const [name, path] of Object.entries(manifest.bin)) bin[name] = compiled(path, ".js");
  const published = { ...manifest, devDependencies: undefined, files: ["dist"], exports, bin };
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
}

/** What the code reads beside itself: everything in the source folder that is not TypeScript. */
function stageAssets(): void {
  for (const path of globSync("**/*.*", { cwd: join(server, "src") })) {
    if (path.endsWith(".ts")) continue;
    const to = join(staged, "dist", path);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(server, "src", path), to);
  }
  for (const name of ["README.md", "LICENSE", "CHANGELOG.md"]) {
    cpSync(join(root, name), join(staged, name));
  }
}

/**
 * The viewers of the API reference, served from the operator's own origin: nothing is fetched from elsewhere. Scalar's
 * package carries no licence file; its siblings of the same repository do.
 */
const VIEWERS: Readonly<Record<string, string>> = {
  "scalar.js": "@scalar/api-reference/dist/browser/standalone.js",
  "scalar.LICENSE": "@scalar/components/LICENSE",
  "swagger-ui.js": "swagger-ui-dist/swagger-ui-bundle.js",
  "swagger-ui-layout.js": "swagger-ui-dist/swagger-ui-standalone-preset.js",
  "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
  "swagger-ui.LICENSE": "swagger-ui-dist/LICENSE",
  "swagger-ui.NOTICE": "swagger-ui-dist/NOTICE",
};

function stageViewers(): void {
  const to = join(staged, "dist/pillars/docs/assets");
  mkdirSync(to, { recursive: true });
  for (const [name, from] of Object.entries(VIEWERS)) {
    cpSync(join(root, "node_modules", from), join(to, name));
  }
}

async function step(name: string, command: readonly string[], cwd = root): Promise<string> {
  const { code, output } = await run(command, { cwd });
  if (code !== 0) fail(`${name} failed\n${output}`);
  return output;
}

async function lint(tarball: string): Promise<void> {
  const bytes = Uint8Array.from(readFileSync(tarball)).buffer;
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: bytes } });
  const told = messages.filter(({ type }) => type !== "suggestion");
  if (told.length === 0) return;
  fail(`publint\n${told.map((message) => `  ${formatMessage(message, pkg)}`).join("\n")}`);
}

const manifest = JSON.parse(readFileSync(join(server, "package.json"), "utf8")) as Manifest;
rmSync(staged, { recursive: true, force: true });
mkdirSync(staged, { recursive: true });
await step("tsc", ["tsc", "-p", "tsconfig.build.json"]);
stageManifest(manifest);
stageAssets();
stageViewers();
await step("npm pack", ["npm", "pack", "--pack-destination", join(root, "dist")], staged);
const tarball = join(root, "dist", `${manifest.name}-${manifest.version}.tgz`);
await lint(tarball);
writeSbom();
console.log(tarball);
