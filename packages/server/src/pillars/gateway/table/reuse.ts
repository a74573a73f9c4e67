import type { Api, Route } from "../call.ts";

/** What was compiled for the table in force, by the text of its settings: what has not changed is not compiled again. */
export interface Compilations {
  readonly apis: Map<string, Api>;
  readonly routes: Map<string, readonly Route[]>;
}

/** Nothing compiled yet. */
export function noCompilations(): Compilations {
  return { apis: new Map(), routes: new Map() };
}

const texts = new WeakMap<object, string>();

/** The settings as text. Settings are never changed once they are given, so the text of an object is made once. */
export function textOf(settings: object): string {
  const known = texts.get(settings);
  if (known !== undefined) return known;
  const text = JSON.stringify(settings);
  texts.set(settings, text);
  return text;
}
