import { existsSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { basename, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Result } from "../../base/index.ts";
import { ok, refused } from "../../base/index.ts";
import { isPlainObject } from "./check.ts";
import type { ConfigContext } from "./define.ts";
import type { Mistake } from "./mistake.ts";

const NAMES = [
  "portico.config.ts",
  "portico.config.js",
  "portico.config.mjs",
  "portico.config.json",
];

/** A configuration as written, before anything is validated. */
export interface ConfigFile {
  /** Undefined when there is none: every setting then comes from elsewhere. */
  readonly file: string | undefined;
  readonly content: Readonly<Record<string, unknown>>;
}

/** The file asked for, or the one that lies in the folder. Two of them are a mistake. */
function findFile(cwd: string, asked: string | undefined): Result<string | undefined, Mistake> {
  if (asked !== undefined) {
    const file = resolve(cwd, asked);
    if (existsSync(file)) return ok(file);
    return refused({ path: "--config", got: `${file}, which is not there`, expected: "a file" });
  }
  const there = NAMES.filter((name) => existsSync(join(cwd, name)));
  const [first, second] = there;
  if (second !== undefined) {
    return refused({ path: cwd, got: there.join(" and "), expected: "one configuration file" });
  }
  return ok(first === undefined ? undefined : join(cwd, first));
}

let isResolving = false;

/** `import … from "portico"` in a configuration finds this very package where none is installed beside it (npx). */
function resolveOwnName(): void {
  if (isResolving) return;
  isResolving = true;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (!/^portico(\/|$)/.test(specifier)) return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}

async function importFile(file: string): Promise<unknown> {
  if (extname(file) === ".json") {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    return content;
  }
  resolveOwnName();
  const module: unknown = await import(pathToFileURL(file).href);
  // A module namespace; what it exports is validated by the caller.
  return (module as { readonly default?: unknown }).default;
}

function failureText(error: unknown, name: string): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  // A mistake of syntax may be in a file that this one imports; node tells which before the stack.
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const [, place = ""] = /^(?:file:\/\/)?(\S+\.[cm]?[jt]s:\d+)\n/.exec(stack) ?? [];
  const where = place === "" || basename(place).startsWith(`${name}:`) ? "" : ` in ${place}`;
  return `${text.split("\n")[0] ?? text}${where}`;
}

/** Settles a configuration of any form: object, promise, or function of mode and environment. */
async function settle(source: unknown, context: ConfigContext): Promise<unknown> {
  const settled: unknown = await source;
  if (typeof settled !== "function") return settled;
  // Validated after the call; a function that asks for more than the context gets undefined.
  const call = settled as (context: ConfigContext) => unknown;
  const answer: unknown = await call(context);
  return answer;
}

/** Reads, runs and settles the configuration file. */
export async function readConfigFile(
  cwd: string,
  asked: string | undefined,
  context: ConfigContext,
): Promise<Result<ConfigFile, Mistake>> {
  const found = findFile(cwd, asked);
  if (!found.ok) return found;
  const file = found.value;
  if (file === undefined) return ok({ file, content: {} });
  const name = basename(file);
  try {
    const content = await settle(await importFile(file), context);
    if (isPlainObject(content)) return ok({ file, content });
    const got = content === undefined ? "no default export" : typeof content;
    return refused({ path: name, got, expected: "export default defineConfig({ … })" });
  } catch (error) {
    return refused({ path: name, got: failureText(error, name), expected: "a file that loads" });
  }
}
