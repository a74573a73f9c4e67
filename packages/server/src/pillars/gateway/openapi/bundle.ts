import { dirname, resolve as resolvePath } from "node:path";
import type { DocumentMistake, JsonObject } from "./document.ts";
import { eachObject, isObject, mapTree, referenceOf, SECTIONS } from "./grammar.ts";
import type { Kind } from "./grammar.ts";
import { isAddress, loadSource } from "./load-source.ts";
import type { LoadParts } from "./load-source.ts";
import { parseText } from "./parse-text.ts";
import { below, follow, localPointer } from "./pointer.ts";

/** Documents that one may draw in. */
const DOCUMENTS_MAX = 50;

interface Wanted {
  readonly kind: Kind;
  readonly section: string;
  readonly name: string;
  /** The document it is in, and where. */
  readonly file: string;
  readonly fragment: string;
  /** The first place that refers to it. */
  readonly pointer: string;
}

interface Work {
  readonly root: string;
  readonly parts: LoadParts;
  readonly mistakes: DocumentMistake[];
  readonly files: Map<string, JsonObject | undefined>;
  readonly wanted: Map<string, Wanted>;
  readonly queue: Wanted[];
  readonly taken: Set<string>;
}

/** A document and where it came from. */
export interface Sourced {
  readonly json: JsonObject;
  /** Absolute path or address. */
  readonly base: string;
}

/**
 * Draws what a document refers to elsewhere into its own components, so that every reference is local afterwards. Only
 * called when the operator allows it: a document could name any file of the machine.
 */
export async function bundle(
  { json, base }: Sourced,
  parts: LoadParts,
): Promise<{ readonly json: JsonObject; readonly mistakes: readonly DocumentMistake[] }> {
  const work: Work = {
    root: base,
    parts,
    mistakes: [],
    files: new Map([[base, json]]),
    wanted: new Map(),
    queue: [],
    taken: takenNames(json),
  };
  const rooted = rewritten(work, { kind: "document", node: json, pointer: "" }, base);
  const drawn: Record<string, Record<string, JsonObject>> = {};
  for (let next = work.queue.shift(); next !== undefined; next = work.queue.shift()) {
    const value = await drawIn(work, next);
    if (value !== undefined) (drawn[next.section] ??= {})[next.name] = value;
  }
  return { json: withComponents(rooted, drawn), mistakes: work.mistakes };
}

/** The address of what a relative reference names. */
export function absolute(base: string, reference: string): string {
  if (reference === "") return base;
  if (isAddress(reference)) return reference;
  return isAddress(base) ? new URL(reference, base).href : resolvePath(dirname(base), reference);
}

function takenNames(json: JsonObject): Set<string> {
  const { components } = json;
  const taken = new Set<string>();
  for (const [section, entries] of Object.entries(isObject(components) ? components : {})) {
    for (const name of Object.keys(isObject(entries) ? entries : {}))
      taken.add(`${section}/${name}`);
  }
  return taken;
}

interface Start {
  readonly kind: Kind;
  readonly node: JsonObject;
  readonly pointer: string;
}

function rewritten(work: Work, start: Start, file: string): JsonObject {
  return mapTree(start, ({ kind, node, pointer }) => {
    const reference = referenceOf(kind, node);
    if (reference === undefined) return node;
    if (file === work.root && reference.startsWith("#")) return node;
    const [path = "", fragment = ""] = reference.split("#", 2);
    const target = absolute(file, path);
    if (target === work.root) return { ...node, $ref: `#${fragment}` };
    return { ...node, $ref: nameOf(work, { kind, file: target, fragment, pointer }) };
  });
}

function nameOf(work: Work, place: Pick<Wanted, "kind" | "file" | "fragment" | "pointer">): string {
  const section = SECTIONS[place.kind] ?? "schemas";
  const key = `${section} ${place.file}#${place.fragment}`;
  let wanted = work.wanted.get(key);
  if (wanted === undefined) {
    wanted = { ...place, section, name: freeName(work, section, place) };
    work.wanted.set(key, wanted);
    work.queue.push(wanted);
  }
  return `#/components/${section}/${wanted.name}`;
}

function freeName(
  work: Work,
  section: string,
  { file, fragment }: Pick<Wanted, "file" | "fragment">,
): string {
  const last = (fragment === "" ? file : fragment).split("/").at(-1) ?? "";
  const word = last.replace(/\.(?:ya?ml|json)$/i, "").replaceAll(/[^\w.-]/g, "_") || "part";
  let name = word;
  for (let count = 2; work.taken.has(`${section}/${name}`); count += 1) name = `${word}_${count}`;
  work.taken.add(`${section}/${name}`);
  return name;
}

async function drawIn(work: Work, wanted: Wanted): Promise<JsonObject | undefined> {
  const { kind, file, fragment, pointer, section, name } = wanted;
  const json = await fileOf(work, wanted);
  if (json === undefined) return undefined;
  const value = follow(json, localPointer(`#${fragment}`) ?? "/ ");
  if (!isObject(value)) {
    work.mistakes.push({
      pointer: `${pointer}/$ref`,
      detail: `refers to '${file}#${fragment}', which is not there`,
    });
    return undefined;
  }
  const place = below(below("/components", section), name);
  return rewritten(work, { kind, node: value, pointer: place }, file);
}

async function fileOf(work: Work, { file, pointer }: Wanted): Promise<JsonObject | undefined> {
  if (work.files.has(file)) return work.files.get(file);
  const fail = (detail: string): undefined => {
    work.mistakes.push({ pointer: `${pointer}/$ref`, detail });
  };
  work.files.set(file, undefined);
  // What comes over the network may not name files of this machine.
  if (isAddress(work.root) && !isAddress(file)) return fail(`refers to the file ${file}`);
  if (work.files.size > DOCUMENTS_MAX) {
    return fail(`needs '${file}', and more than ${DOCUMENTS_MAX} documents are not drawn in`);
  }
  const loaded = await loadSource(file, work.parts);
  if ("fault" in loaded) return fail(loaded.fault);
  const parsed = await parseText(loaded.text);
  if (parsed.mistakes !== undefined) {
    const [first] = parsed.mistakes;
    return fail(`'${file}' cannot be read: ${first?.pointer ?? ""} ${first?.detail ?? ""}`);
  }
  work.files.set(file, parsed.value);
  return parsed.value;
}

function withComponents(
  json: JsonObject,
  drawn: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>,
): JsonObject {
  const components = isObject(json["components"]) ? json["components"] : {};
  const sections = Object.entries(drawn).map(([section, entries]) => {
    const own = components[section];
    return [section, { ...(isObject(own) ? own : {}), ...entries }] as const;
  });
  return { ...json, components: { ...components, ...Object.fromEntries(sections) } };
}

/** True when anything is referred to outside the document. */
export function hasRemoteReferences(json: JsonObject): boolean {
  let found = false;
  eachObject(json, ({ kind, node }) => {
    const reference = referenceOf(kind, node);
    if (reference !== undefined && !reference.startsWith("#")) found = true;
  });
  return found;
}
