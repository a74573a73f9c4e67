import type { Caller } from "portico/kernel";

/** The restriction of portal links: the caller sees and changes webhooks of one owner only. */
export const OWNER = "webhooks.owner";

/**
 * The channels of a webhook after a change by this caller; undefined: as the body says. Events are the organization's: who
 * is kept to an owner is sent those that carry the owner's id as a channel, or the channels that the application chose.
 */
export function keptChannels(
  caller: Pick<Caller, "restrictions">,
  before: readonly string[] = [],
): readonly string[] | undefined {
  const owner = ownerOf(caller);
  if (owner === undefined) return undefined;
  return before.length === 0 ? [owner] : before;
}

/** The owner that the caller is kept to; undefined for those who see all of the organization's. */
export function ownerOf(caller: Pick<Caller, "restrictions">): string | undefined {
  return caller.restrictions?.[OWNER];
}
