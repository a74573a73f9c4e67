import { Type } from "typebox";
import type { EventTypeDefinition } from "../contract/index.ts";

const Time = Type.String({ format: "date-time" });
const example = { id: "schedule_01jd3v9k2me8r8v0c2m4t6x8z0", job: "reports.monthly" };

/** What schedules put on the log by themselves. */
export const scheduleEvents = {
  "schedule.missed": {
    description:
      "Ticks passed while nobody ran the schedule, and are not made up: they are older than its catch-up window, or more " +
      "than it makes up.",
    data: Type.Object({
      id: Type.String(),
      job: Type.String(),
      count: Type.Integer({
        description: "How many; where there are more than were counted, at least so many.",
      }),
      isMore: Type.Boolean(),
      from: Time,
      to: Time,
    }),
    example: {
      ...example,
      count: 3,
      isMore: false,
      from: "2026-11-01T08:00:00.000Z",
      to: "2026-11-03T08:00:00.000Z",
    },
  },
  "schedule.paused": {
    description:
      "A schedule was paused, by a caller (`caller`), since its jobs failed again and again (`failures`), or since its job no " +
      "longer takes its input (`input`).",
    data: Type.Object({
      id: Type.String(),
      job: Type.String(),
      reason: Type.Union([Type.Literal("caller"), Type.Literal("failures"), Type.Literal("input")]),
      failures: Type.Integer(),
    }),
    example: { ...example, reason: "failures", failures: 5 },
  },
} as const satisfies Readonly<Record<string, EventTypeDefinition>>;
