import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { WebhookTables } from "./tables.ts";

/** Types a webhook may ask for: `*`, `invoice.paid`, or a beginning, `invoice.*`. */
export const PATTERN = "^(?:\\*|[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*(?:\\.\\*)?)$";

/**
 * What is never delivered, whatever a webhook asks for: an event that each failing delivery causes would cause the
 * next. It is on the log, for reactions and feeds.
 */
export const NEVER_DELIVERED = "delivery.exhausted";

/** The condition that a row's `eventType` is of a type or begins as `invoice.*` says; `*` is every type. */
export function ofType(
  pattern: string,
): (row: ExpressionBuilder<WebhookTables, "webhooks_deliveries">) => Expression<SqlBool> {
  if (!pattern.endsWith("*")) return (row) => row("eventType", "=", pattern);
  const beginning = pattern.slice(0, -1);
  // Types hold ASCII only: every one that begins so lies between these two.
  return (row) =>
    row.and([row("eventType", ">=", beginning), row("eventType", "<", `${beginning}\uffff`)]);
}

/**
 * Compiles the types a webhook asks for. `invoice.*` means every type that begins with `invoice.`, however many words
 * follow, and not `invoice` itself.
 */
export function matcher(patterns: readonly string[]): (type: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith("*")));
  const beginnings = patterns
    .filter((pattern) => pattern.endsWith("*"))
    .map((pattern) => pattern.slice(0, -1));
  return (type) =>
    type !== NEVER_DELIVERED &&
    (exact.has(type) || beginnings.some((beginning) => type.startsWith(beginning)));
}

const OF_HEALTH: ReadonlySet<string> = new Set([
  "webhook.failing",
  "webhook.disabled",
  "webhook.recovered",
]);

/** Whether an event tells a webhook of its own health: to a receiver that fails it would be one more delivery in vain. */
export function tellsOfItself(
  { type, subject }: { readonly type: string; readonly subject: string | null },
  webhook: string,
): boolean {
  return subject === webhook && OF_HEALTH.has(type);
}
