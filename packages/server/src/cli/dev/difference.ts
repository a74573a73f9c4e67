import type { PrintedSetting } from "../../kernel/config/index.ts";

const VALUE_CHARACTERS = 60;

/** Every place where two values differ, as a path and what stands there. */
function places(value: unknown, path: string, into: Map<string, unknown>): void {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    into.set(path, value);
    return;
  }
  // Members of lists that have an id are told by it: one that was put before others did not change them.
  for (const [key, one] of Object.entries(value)) {
    const name = Array.isArray(value) ? nameOf(one, key) : `.${key}`;
    places(one, `${path}${name}`, into);
  }
}

function nameOf(item: unknown, index: string): string {
  const isNamed = typeof item === "object" && item !== null && "id" in item;
  return `[${isNamed ? String(item.id) : index}]`;
}

function leaves(settings: readonly PrintedSetting[]): ReadonlyMap<string, unknown> {
  const into = new Map<string, unknown>();
  for (const { path, value } of settings) places(value, path, into);
  return into;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > VALUE_CHARACTERS ? `${text.slice(0, VALUE_CHARACTERS)}…` : text;
}

/** What changed between two configurations, a line for each setting: `server.port: 8080 → 9090`. */
export function settingsDifference(
  before: readonly PrintedSetting[],
  after: readonly PrintedSetting[],
): readonly string[] {
  const [old, now] = [leaves(before), leaves(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path) => {
    const [from, to] = [old.get(path), now.get(path)];
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    if (!old.has(path)) return [`${path}: ${shown(to)} (new)`];
    return now.has(path)
      ? [`${path}: ${shown(from)} → ${shown(to)}`]
      : [`${path}: ${shown(from)} (gone)`];
  });
}
