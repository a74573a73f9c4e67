import type { Statistic } from "portico/kernel";

/** Events by the time they were published, those of Portico itself among them. */
export const eventsPublished: Statistic = {
  id: "events.published",
  label: "Events that were published",
  unit: "events",
  count: (query, ctx) => ctx.log.count(query),
};
