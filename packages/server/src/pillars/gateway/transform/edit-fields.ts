import type { Problem } from "portico/kernel";
import { raise } from "../errors.ts";
import { nameFault, wireValue } from "../message/index.ts";
import type { MessageHeaders, MessageQuery } from "../message/index.ts";
import type { FieldEdits } from "./settings.ts";
import { compileValue } from "./value-template.ts";
import type { FillFrom, TemplatePlace, ValueTemplate } from "./value-template.ts";

/** Edits of header fields or of a query, in their order. */
export interface FieldPlan {
  readonly rename: readonly (readonly [string, string])[];
  readonly remove: readonly string[];
  readonly set: readonly (readonly [string, ValueTemplate])[];
  readonly add: readonly (readonly [string, ValueTemplate])[];
}

/** Compiles edits; `isHeader` names are those of header fields that may be edited. Mistakes are sentences' ends. */
export function compileFields(
  { rename = {}, remove = [], set = {}, add = {} }: FieldEdits,
  place: TemplatePlace & { readonly isHeader: boolean },
  mistakes: string[],
): FieldPlan {
  const values = (of: Readonly<Record<string, string>>): FieldPlan["set"] =>
    Object.entries(of).flatMap(([name, text]) => {
      const value = compileValue(text, place);
      if (typeof value !== "string") return [[name, value] as const];
      mistakes.push(`the value of '${name}' ${value}`);
      return [];
    });
  if (place.isHeader) {
    const names = [
      ...Object.entries(rename).flat(),
      ...remove,
      ...Object.keys(set),
      ...Object.keys(add),
    ];
    for (const name of names) {
      const fault = nameFault(name);
      if (fault !== undefined) mistakes.push(fault);
    }
    for (const [name, text] of [...Object.entries(set), ...Object.entries(add)]) {
      if (wireValue(text) === undefined)
        mistakes.push(`the value of '${name}' holds a control character`);
    }
  }
  return { rename: Object.entries(rename), remove, set: values(set), add: values(add) };
}

/** Edits header fields. A value that is filled with nothing leaves its field out. Throws `gateway.fieldValueRefused`. */
export function editHeaders(plan: FieldPlan, headers: MessageHeaders, from: FillFrom): void {
  for (const [name, to] of plan.rename) headers.rename(name, to);
  for (const name of plan.remove) headers.remove(name);
  for (const [name, template] of plan.set) {
    const value = safeValue(name, template, from);
    if (value === "") headers.remove(name);
    else headers.set(name, value);
  }
  for (const [name, template] of plan.add) {
    const value = safeValue(name, template, from);
    if (value !== "") headers.add(name, value);
  }
}

/** Refuses a request whose parts would break a field of its reply, before anything has been done for it. */
export function checkHeaders(plan: FieldPlan, from: FillFrom): void {
  for (const [name, template] of [...plan.set, ...plan.add]) {
    if (template.isOfCaller) safeValue(name, template, from);
  }
}

function safeValue(name: string, template: ValueTemplate, from: FillFrom): string {
  const value = template.fill(from);
  if (wireValue(value) === undefined) throw refused(name);
  return value;
}

function refused(name: string): Problem {
  return raise("gateway.fieldValueRefused", { params: { name } });
}

/** Edits a query. */
export function editQuery(plan: FieldPlan, query: MessageQuery, from: FillFrom): void {
  for (const [name, to] of plan.rename) query.rename(name, to);
  for (const name of plan.remove) query.remove(name);
  for (const [name, template] of plan.set) query.set(name, template.fill(from));
  for (const [name, template] of plan.add) query.add(name, template.fill(from));
}
