import { DEFAULT_ORGANIZATION } from "portico/kernel";
import type { PluginContext, Tx } from "portico/kernel";
import { Identity } from "../capability.ts";
import type { factorEvents } from "./events.ts";

/** The organizations on whose logs it is told of a person; `default` for who belongs to none. Before the transaction. */
export async function organizationsOf(
  userId: string,
  ctx: PluginContext,
): Promise<readonly string[]> {
  const memberships = await ctx.get(Identity).organizations.membershipsOf(userId);
  const names = new Set(memberships.map(({ organization }) => organization));
  return names.size === 0 ? [DEFAULT_ORGANIZATION] : [...names];
}

/** What happened to somebody's factors. */
export interface FactorNews {
  readonly type: keyof typeof factorEvents;
  readonly data: { readonly id: string; readonly [name: string]: unknown };
}

/** Puts it on the log of each of the organizations, in the transaction that makes it true. */
export function tell({ type, data }: FactorNews, organizations: readonly string[], tx: Tx): void {
  for (const organization of organizations) {
    tx.within({ organization }).emit(type, data, { subject: data.id });
  }
}
