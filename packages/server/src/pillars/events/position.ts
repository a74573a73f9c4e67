import type { Cursors, PluginContext } from "portico/kernel";

const PLACE = ["events", "cursor", "seq"] as const;

/**
 * Log positions inside cursors, sealed: a cursor is only MACed, and a readable position would tell one organization how
 * many events all of them have together.
 */
export function positionAfter(
  cursor: Cursors,
  organization: string,
  ctx: PluginContext,
): number | undefined {
  const sealed = cursor.after?.[0];
  return sealed === undefined
    ? undefined
    : Number(ctx.secrets.open(String(sealed), [organization, ...PLACE]));
}

/** The value to put into a cursor that goes on after `seq`. */
export function sealPosition(seq: number, organization: string, ctx: PluginContext): string {
  return ctx.secrets.seal(String(seq), [organization, ...PLACE]);
}
