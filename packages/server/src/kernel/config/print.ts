import type { TSchema } from "typebox";
import type { AnyPlugin } from "../contract/index.ts";
import { isPlainObject } from "./check.ts";
import type { ResolvedConfig } from "./define.ts";
import type { LoadedConfig } from "./load.ts";
import { wholeSchema } from "./resolve.ts";
import { secrecyOf } from "./schema.ts";
import type { KernelSettings } from "./schema.ts";

/** What stands where a secret would. */
export const REDACTED = "[secret]";

function hide(kind: "whole" | "url", value: unknown): string {
  const url = kind === "url" && typeof value === "string" ? URL.parse(value) : null;
  if (url === null) return REDACTED;
  if (url.password !== "") url.password = "secret";
  for (const name of url.searchParams.keys()) {
    if (/pass|secret|key|token/i.test(name)) url.searchParams.set(name, "secret");
  }
  return url.href;
}

/** A copy of a value in which everything its schema marks as secret is hidden. */
export function redactBySchema(schema: TSchema | undefined, value: unknown): unknown {
  if (schema === undefined || value === undefined) return value;
  const kind = secrecyOf(schema);
  if (kind !== undefined) return hide(kind, value);
  if (Array.isArray(value)) {
    const items = "items" in schema && isPlainObject(schema.items) ? schema.items : undefined;
    return value.map((one: unknown) => redactBySchema(items, one));
  }
  if (!isPlainObject(value)) return value;
  const members = "anyOf" in schema && Array.isArray(schema.anyOf) ? schema.anyOf : [];
  const seen = members.reduce<unknown>(
    (one, member: TSchema) => redactBySchema(member, one),
    value,
  );
  const whole = isPlainObject(seen) ? seen : value;
  const named = "properties" in schema && isPlainObject(schema.properties) ? schema.properties : {};
  const patterns =
    "patternProperties" in schema && isPlainObject(schema.patternProperties)
      ? Object.values(schema.patternProperties)
      : [];
  return Object.fromEntries(
    Object.entries(whole).map(([key, one]) => [
      key,
      // Members of a JSON Schema object are schemas.
      redactBySchema((named[key] ?? patterns[0]) as TSchema | undefined, one),
    ]),
  );
}

/** One line of `portico config print`. */
export interface PrintedSetting {
  readonly path: string;
  readonly value: unknown;
  readonly source: string;
}

function sourceOf(path: string, sources: Readonly<Record<string, string>>): string {
  return sources[path] ?? "default";
}

function flatten(value: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (!isPlainObject(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, one]) =>
    flatten(one, path === "" ? key : `${path}.${key}`),
  );
}

/** Every setting with its source, secrets hidden by type. `plugins` are the built-in ones. */
export function printConfig(
  loaded: Pick<LoadedConfig, "config" | "sources">,
  plugins: readonly AnyPlugin[],
): readonly PrintedSetting[] {
  const schema = wholeSchema([...plugins, ...loaded.config.plugins]);
  const visible = redactBySchema(schema, { ...kernelOf(loaded.config), ...loaded.config.settings });
  return flatten(visible, "").map(([path, value]) => ({
    path,
    value,
    source: sourceOf(path, loaded.sources),
  }));
}

/** The kernel's own sections of a configuration. */
export function kernelOf(config: ResolvedConfig): KernelSettings {
  const { server, database, data, organization, log, outbound, keyring } = config;
  return { server, database, data, organization, log, outbound, keyring };
}

/** The configuration's secrets in clear, for a logger that must never write them. */
export function secretsOf(config: ResolvedConfig): readonly string[] {
  const password = URL.parse(config.database.url ?? "")?.password ?? "";
  return password === "" ? [] : [password, decodeURIComponent(password)];
}
