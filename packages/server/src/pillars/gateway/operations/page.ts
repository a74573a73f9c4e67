import type { Cursors } from "portico/kernel";

/** A page of what is in memory, in the order of the ids. */
export function pageOf<TItem extends { readonly id: string }>(
  items: readonly TItem[],
  { limit = 50, cursor }: { readonly limit: number | undefined; readonly cursor: Cursors },
): { readonly data: readonly TItem[]; readonly next: string | null } {
  const after = cursor.after === undefined ? undefined : String(cursor.after[0]);
  const rest = items
    .filter(({ id }) => after === undefined || id > after)
    .toSorted((left, right) => (left.id < right.id ? -1 : Number(left.id > right.id)));
  const data = rest.slice(0, limit);
  const last = rest.length > limit ? data.at(-1) : undefined;
  return { data, next: last === undefined ? null : cursor.next([last.id]) };
}
