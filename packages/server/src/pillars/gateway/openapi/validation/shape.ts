import type { JsonObject } from "../document.ts";
import { isObject } from "../grammar.ts";
import { targetOf } from "../references.ts";
import type { Tree } from "./text-values.ts";

/** All forms that a value may have by its schema, through references and `allOf`, `anyOf`, `oneOf`. */
export type Forms = readonly JsonObject[];

const FORMS_MAX = 200;

/** Collects the forms of schemas. */
export function formsOf(document: JsonObject, schemas: readonly unknown[]): Forms {
  const found = new Set<JsonObject>();
  const queue = [...schemas];
  for (let next = queue.shift(); next !== undefined || queue.length > 0; next = queue.shift()) {
    if (!isObject(next) || found.has(next) || found.size >= FORMS_MAX) continue;
    found.add(next);
    const { $ref } = next;
    if (typeof $ref === "string") queue.push(targetOf(document, $ref));
    for (const key of ["allOf", "anyOf", "oneOf"]) {
      const list = next[key];
      if (Array.isArray(list)) queue.push(...(list as unknown[]));
    }
  }
  return [...found];
}

/** Which kinds of value the forms take. */
export interface Kinds {
  readonly takesArray: boolean;
  readonly takesObject: boolean;
  readonly takesText: boolean;
}

const OBJECT_WORDS = ["properties", "additionalProperties", "patternProperties"];

/** What is said of a value's kind; a form that says nothing takes text. */
export function kindsOf(forms: Forms): Kinds {
  let takesArray = false;
  let takesObject = false;
  let takesText = false;
  let isSaid = false;
  for (const form of forms) {
    const { type } = form;
    const types: readonly unknown[] = Array.isArray(type) ? type : [type];
    const isArray = types.includes("array") || "items" in form;
    const isMap = types.includes("object") || OBJECT_WORDS.some((word) => word in form);
    const isText = types.some(
      (each) => typeof each === "string" && each !== "array" && each !== "object",
    );
    takesArray ||= isArray;
    takesObject ||= isMap;
    takesText ||= isText || "enum" in form || "const" in form;
    isSaid ||= isArray || isMap || isText;
  }
  return { takesArray, takesObject, takesText: takesText || !isSaid };
}

/**
 * Gives what was sent as text the shape that its schema asks for, where the text alone does not tell: `a=1` is an item of an
 * array or a text, `a[0]=1` an array or an object. The values stay texts.
 */
export function shaped(document: JsonObject, tree: Tree, forms: Forms): unknown {
  const kinds = kindsOf(forms);
  const { values, members } = tree;
  if (members.size === 0) return shapedValues(values, kinds);
  const isList = isListOf(members);
  if (isList && (kinds.takesArray || !kinds.takesObject)) {
    const items = formsOf(
      document,
      forms.map(({ items }) => items),
    );
    return [...members].flatMap(([key, member]) => itemsOf({ document, items }, key, member));
  }
  const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of members) {
    out[name] = shaped(document, member, memberForms(document, forms, name));
  }
  // Sent in two ways at once, `a=1&a[b]=2`, it is neither.
  return values.length === 0 ? out : [out, ...values];
}

function shapedValues(values: readonly string[], kinds: Kinds): unknown {
  const [first = ""] = values;
  if (values.length > 1) return values;
  if (!kinds.takesArray || kinds.takesText) return first;
  return first === "" ? [] : [first];
}

function isListOf(members: ReadonlyMap<string, Tree>): boolean {
  let index = 0;
  for (const key of members.keys()) {
    if (key !== "" && key !== String(index)) return false;
    index += 1;
  }
  return true;
}

interface Items {
  readonly document: JsonObject;
  readonly items: Forms;
}

/** `a[]=1&a[]=2` are two items under one empty name. */
function itemsOf({ document, items }: Items, key: string, member: Tree): readonly unknown[] {
  if (key === "" && member.members.size === 0) return member.values;
  return [shaped(document, member, items)];
}

/** The forms of a member, by its own name before those for any name. */
export function memberForms(document: JsonObject, forms: Forms, name: string): Forms {
  const own = forms.flatMap(({ properties }) =>
    isObject(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [],
  );
  if (own.length > 0) return formsOf(document, own);
  return formsOf(
    document,
    forms.map(({ additionalProperties }) => additionalProperties),
  );
}

/** The names that forms give to members. */
export function namesOf(forms: Forms): ReadonlySet<string> {
  return new Set(
    forms.flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])),
  );
}
