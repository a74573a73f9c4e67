// What packing the server and packing the client have in common: a staged folder whose manifest names compiled code.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { root, run } from "./run.ts";

/** The fields of a package.json that change on the way. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** Reads the manifest of a package of the repository. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Empties the folder to stage in. */
export function begin(staged: string): void {
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged, { recursive: true });
}

function compiled(path: string, extension: string): string {
  return path.replace(/^\.\/src\//, "./dist/").replace(/\.ts$/, extension);
}

/** Writes the manifest that is published: doors and commands lead to compiled code. */
export function stageManifest(manifest: Manifest, staged: string): void {
  const exports: Record<string, unknown> = {};
  for (const [door, path] of Object.entries(manifest.exports)) {
    exports[door] = path.endsWith(".ts")
      ? { types: compiled(path, ".d.ts"), default: compiled(path, ".js") }
      : path;
  }
  const bin = Object.entries(manifest.bin ?? {}).map(([name, path]) => [
    name,
    compiled(path, ".js"),
  ]);
  const published = {
    ...manifest,
    devDependencies: undefined,
    files: ["dist"],
    exports,
    ...(bin.length === 0 ? {} : { bin: Object.fromEntries(bin) as Record<string, string> }),
  };
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
}

/** Runs one command of the packing, which ends with it when it fails. */
export async function step(name: string, command: readonly string[], cwd = root): Promise<string> {
  const { code, output } = await run(command, { cwd });
  if (code !== 0) fail(`${name} failed\n${output}`);
  return output;
}

/** Makes and judges the tarball of a staged folder, and answers its path. */
export async function packStaged({ name, version }: Manifest, staged: string): Promise<string> {
  await step("npm pack", ["npm", "pack", "--pack-destination", join(root, "dist")], staged);
  const file = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
  const tarball = join(root, "dist", file);
  await lint(tarball);
  return tarball;
}

async function lint(tarball: string): Promise<void> {
  const bytes = Uint8Array.from(readFileSync(tarball)).buffer;
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: bytes } });
  const told = messages.filter(({ type }) => type !== "suggestion");
  if (told.length === 0) return;
  fail(`publint\n${told.map((message) => `  ${formatMessage(message, pkg)}`).join("\n")}`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
