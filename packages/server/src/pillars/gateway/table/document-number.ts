import type { OpenedDocument } from "../openapi/index.ts";

const numbers = new WeakMap<OpenedDocument, number>();
const counter = { last: 0 };

/** Names an opened document, so that what was compiled of it is known by it. 0 for none. */
export function documentNumber(opened: OpenedDocument | undefined): number {
  if (opened === undefined) return 0;
  const known = numbers.get(opened);
  if (known !== undefined) return known;
  counter.last += 1;
  numbers.set(opened, counter.last);
  return counter.last;
}
