import type { Caller } from "portico/kernel";

/** The restriction of portal links: the caller sees and changes webhooks of one owner only. */
export const OWNER = "webhooks.owner";

/** The owner that the caller is kept to; undefined for those who see all of the organization's. */
export function ownerOf(caller: Pick<Caller, "restrictions">): string | undefined {
  return caller.restrictions?.[OWNER];
}
