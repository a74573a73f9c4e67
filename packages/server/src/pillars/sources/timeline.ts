import type { TimelineEntry, TimelineSource } from "portico/kernel";
import type { MessageRow, SourceTables } from "./tables.ts";

const MESSAGES_MAX = 200;

type MessagePart = Pick<
  MessageRow,
  "id" | "source" | "state" | "eventType" | "reason" | "receivedAt" | "cause"
>;

/** Tells a thread of the messages that it began with. */
export const messagesOfThread: TimelineSource = {
  id: "sources",
  async entries({ organization, trace }, ctx): Promise<readonly TimelineEntry[]> {
    const rows = await ctx.store
      .read({ organization })
      .db<SourceTables>()
      .selectFrom("sources_messages")
      .select(["id", "source", "state", "eventType", "reason", "receivedAt", "cause"])
      .where("trace", "=", trace)
      .orderBy("id")
      .limit(MESSAGES_MAX)
      .execute();
    return rows.map(toEntry);
  },
};

function toEntry(row: MessagePart): TimelineEntry {
  return {
    kind: "message",
    id: row.id,
    cause: row.cause,
    at: row.receivedAt,
    summary: `${row.eventType} by ${row.source}: ${row.state}`,
    details: { source: row.source, state: row.state, reason: row.reason },
  };
}
