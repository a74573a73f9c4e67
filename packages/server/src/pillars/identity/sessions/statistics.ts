import type { Statistic } from "portico/kernel";

/** Sign-ins, counted from the log: a session's own row is gone when it has ended. */
export const sessionsBegun: Statistic = {
  id: "identity.sessions",
  label: "Sign-ins: sessions that were begun",
  unit: "sessions",
  count: (query, ctx) => ctx.log.count({ ...query, type: "session.created" }),
};
