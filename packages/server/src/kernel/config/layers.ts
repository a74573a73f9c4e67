import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

/** One source of variables, strongest first in a list of them. */
export interface Layer {
  /** As told to people: `environment`, `.env.local`, `.env`. */
  readonly name: string;
  readonly values: Readonly<Record<string, string | undefined>>;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Not there, or not ours to read: a layer that is optional by its nature.
    return undefined;
  }
}

/** The environment, then `.env.local`, then `.env` of the folder. The files never reach `process.env`. */
export function readLayers(cwd: string, env: NodeJS.ProcessEnv): readonly Layer[] {
  const files = [".env.local", ".env"].map((name) => ({
    name,
    values: parseEnv(readIfThere(join(cwd, name)) ?? ""),
  }));
  return [{ name: "environment", values: env }, ...files];
}

/** All layers as one, the strongest value of each name. */
export function flattenLayers(layers: readonly Layer[]): Record<string, string | undefined> {
  const flat: Record<string, string | undefined> = {};
  for (const layer of layers.toReversed()) Object.assign(flat, layer.values);
  return flat;
}
