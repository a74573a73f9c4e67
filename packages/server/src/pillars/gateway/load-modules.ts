import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** What a module exports as its default, or why it could not be loaded. */
export type LoadedModule = { readonly value: unknown } | { readonly fault: string };

/** The modules that settings name, by the path as it is written there. */
export type Modules = ReadonlyMap<string, LoadedModule>;

/**
 * Loads the modules that settings name, each once. They are the operator's own code, as trusted as the configuration:
 * only the configuration may name them, never a call of the API. A module that is loaded stays as it is until a restart.
 */
export async function loadModules(paths: Iterable<string>, folder: string): Promise<Modules> {
  const modules = new Map<string, LoadedModule>();
  for (const path of new Set(paths)) modules.set(path, await load(resolve(folder, path)));
  return modules;
}

async function load(file: string): Promise<LoadedModule> {
  try {
    const module: unknown = await import(pathToFileURL(file).href);
    // A module namespace; whoever asked for it checks what it exports.
    const value = (module as { readonly default?: unknown }).default;
    return value === undefined ? { fault: "it has no default export" } : { value };
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { fault: text.split("\n")[0] ?? text };
  }
}
