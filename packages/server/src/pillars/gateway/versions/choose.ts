const DATE = /^\d{4}-\d{2}-\d{2}$/;
const WORD = /^v\d+(?:\.\d+)*$/i;

/** The versions of one API, in their order. */
export interface VersionIndex {
  readonly ids: readonly string[];
  /**
   * The version that a wish means: itself, or for a date the nearest older one that there is ("waterfalling", so that a
   * caller may name the day on which it was written). Undefined when there is none.
   */
  readonly find: (wanted: string) => string | undefined;
  /** True for what can only be meant as a version: an id, a date, `v` with a number. */
  readonly isVersionLike: (text: string) => boolean;
}

/** Indexes ids; `ids` in the order of the settings, dates among them ascending. */
export function indexVersions(ids: readonly string[]): VersionIndex {
  const known = new Set(ids);
  const dates = ids.filter(isDate).toSorted();
  return {
    ids,
    find: (wanted) => {
      if (known.has(wanted)) return wanted;
      return isDate(wanted) ? dates.findLast((date) => date <= wanted) : undefined;
    },
    isVersionLike: (text) => known.has(text) || DATE.test(text) || WORD.test(text),
  };
}

/** True for a day of the calendar, written YYYY-MM-DD. */
export function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** A template such as `/{version}` or `/api/{version}`, below the base path. Answers what is wrong with it. */
export function compilePathVersion(template: string, basePath: string): PathTemplate | string {
  const parts = template.split("{version}");
  const [before = "", after = ""] = parts;
  const isWhole = before.endsWith("/") && (after === "" || after.startsWith("/"));
  if (parts.length !== 2 || !isWhole || /[{}*]/.test(before + after) || after.endsWith("/")) {
    return `'${template}' is no template: {version} stands in it once, as a whole segment`;
  }
  const base = basePath === "/" ? "" : basePath;
  return { base, prefix: `${base}${before}`, suffix: after };
}

/** A compiled template: what stands before and after the version. */
export interface PathTemplate {
  readonly base: string;
  readonly prefix: string;
  readonly suffix: string;
}

/** Reads the version out of a path, where one stands there. `path` is then the path without it. */
export function readPathVersion(
  path: string,
  { base, prefix, suffix }: PathTemplate,
  { isVersionLike }: VersionIndex,
): { readonly wanted: string; readonly path: string } | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const slash = path.indexOf("/", prefix.length);
  const end = slash < 0 ? path.length : slash;
  const wanted = path.slice(prefix.length, end);
  if (!isVersionLike(wanted)) return undefined;
  let rest = path.slice(end);
  if (suffix !== "") {
    const isBelow =
      rest.startsWith(suffix) && (rest.length === suffix.length || rest[suffix.length] === "/");
    if (!isBelow) return undefined;
    rest = rest.slice(suffix.length);
  }
  const without = `${base}${rest}`;
  return { wanted, path: without === "" ? "/" : without };
}

/** The path of the same thing in another version. */
export function pathInVersion(
  path: string,
  id: string,
  { base, prefix, suffix }: PathTemplate,
): string {
  const rest = path.slice(base.length);
  return `${prefix}${id}${suffix}${rest === "/" ? "" : rest}`;
}
