import { below } from "./pointer.ts";

/** How deep JSON may be nested. Deeper is nobody's data, and validators recurse. */
const JSON_DEPTH_MAX = 200;

/** What two readers of a text could disagree on. */
export interface JsonFault {
  readonly pointer: string;
  readonly detail: string;
}

interface Level {
  readonly pointer: string;
  /** Undefined in an array. */
  readonly keys: Set<string> | undefined;
  index: number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * Looks through a text that `JSON.parse` has taken, for keys that an object has twice (parsers disagree on which one
 * counts, RFC 8259 §4) and for nesting beyond {@link JSON_DEPTH_MAX}. Stops at the first `max` faults.
 */
export function lookAtJson(text: string, max: number): readonly JsonFault[] {
  const faults: JsonFault[] = [];
  const levels: Level[] = [];
  let level: Level | undefined;
  let key: string | undefined;
  let lastString: string | undefined;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token] = match;
    if (token === "{" || token === "[") {
      const pointer = level === undefined ? "" : below(level.pointer, key ?? level.index);
      if (levels.length >= JSON_DEPTH_MAX) {
        return [...faults, { pointer, detail: `is nested deeper than ${JSON_DEPTH_MAX} levels` }];
      }
      level = { pointer, keys: token === "{" ? new Set() : undefined, index: 0 };
      levels.push(level);
      key = undefined;
    } else if (token === "}" || token === "]") {
      levels.pop();
      level = levels.at(-1);
    } else if (token === ",") {
      key = undefined;
      if (level !== undefined) level.index += 1;
    } else if (token === ":") {
      key = keyOf(lastString ?? '""');
      if (level?.keys?.has(key) === true) {
        faults.push({ pointer: below(level.pointer, key), detail: "is there twice" });
        if (faults.length >= max) return faults;
      }
      level?.keys?.add(key);
    } else {
      lastString = token;
    }
  }
  return faults;
}

/** Two spellings of one key (`"a"`, `"\u0061"`) are one key. */
function keyOf(literal: string): string {
  return literal.includes("\\") ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}
