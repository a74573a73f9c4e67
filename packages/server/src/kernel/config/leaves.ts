import type { TSchema } from "typebox";
import { isPlainObject } from "./check.ts";
import { secrecyOf } from "./schema.ts";

/** One setting that a variable can give. */
export interface Leaf {
  readonly path: readonly string[];
  readonly schema: TSchema;
  /** Names it listens to, strongest first: `PORTICO_SERVER_PORT`, `PORT`. */
  readonly names: readonly string[];
}

const PLAIN_NAMES: Readonly<Record<string, string>> = {
  "server.port": "PORT",
  "server.host": "HOST",
  "database.url": "DATABASE_URL",
};

function constantCase(word: string): string {
  return word
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toUpperCase();
}

function namesOf(path: readonly string[]): readonly string[] {
  const [section = "", ...rest] = path.map(constantCase);
  if (rest.length === 0) return [`PORTICO_${section}`];
  const plain = PLAIN_NAMES[path.join(".")];
  const names = [`PORTICO_${section}_${rest.join("__")}`, `PORTICO_${section}__${rest.join("__")}`];
  return plain === undefined ? names : [...names, plain];
}

function properties(schema: TSchema): Readonly<Record<string, TSchema>> | undefined {
  if (!("properties" in schema) || !isPlainObject(schema.properties)) return undefined;
  // A TypeBox object: its properties are schemas.
  return schema.properties as Readonly<Record<string, TSchema>>;
}

/** Every setting of a schema that has a fixed path, with the variables that set it. Lists and maps are one leaf. */
export function leavesOf(schema: TSchema, path: readonly string[] = []): readonly Leaf[] {
  const below = properties(schema);
  if (below !== undefined && (path.length === 0 || Object.keys(below).length > 0)) {
    return Object.entries(below).flatMap(([key, one]) => leavesOf(one, [...path, key]));
  }
  const names = namesOf(path);
  const isSecret = secrecyOf(schema) !== undefined;
  return [{ path, schema, names: isSecret ? withFiles(names) : names }];
}

function withFiles(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [name, `${name}_FILE`]);
}
