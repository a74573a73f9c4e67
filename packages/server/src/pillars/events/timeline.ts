import type { TimelineEntry, TimelineSource } from "portico/kernel";

const EVENTS_MAX = 1_000;

/** Tells a thread of the events on it. */
export const eventsOfThread: TimelineSource = {
  id: "events",
  async entries({ organization, trace }, ctx): Promise<readonly TimelineEntry[]> {
    const events = await ctx.log.page({ organization, trace, order: "oldest", limit: EVENTS_MAX });
    return events.map((event) => ({
      kind: "event",
      id: event.id,
      cause: event.cause,
      at: event.at,
      summary: event.subject === null ? event.type : `${event.type} of ${event.subject}`,
      details: { type: event.type, subject: event.subject, actor: event.actor },
    }));
  },
};
