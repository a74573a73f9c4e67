import { Type } from "typebox";
import type { Static } from "typebox";
import { raise } from "./errors.ts";

const Time = Type.String({ format: "date-time" });

/** From when until when. */
export const windowFields = {
  since: Time,
  until: Type.Optional(Time),
};

/** A body that is nothing but a window. */
export const Window = Type.Object(windowFields, { additionalProperties: false });

/** The window in milliseconds; it ends now where no end is given. Raises `webhooks.badWindow`. */
export function readWindow(
  { since, until }: Partial<Static<typeof Window>>,
  now: number,
): { readonly since: number; readonly until: number } {
  const from = since === undefined ? 0 : Date.parse(since);
  // What was made in this very millisecond is meant too.
  const to = until === undefined ? now + 1 : Date.parse(until);
  if (to <= from) throw raise("webhooks.badWindow");
  return { since: from, until: to };
}
