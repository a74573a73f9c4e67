import type { ScheduleView } from "../contract/index.ts";
import type { ScheduleRow } from "./tables.ts";

/** A row in the form its organization sees. */
export function viewSchedule(row: ScheduleRow): ScheduleView {
  return {
    id: row.id,
    slug: row.slug,
    declared: row.declared,
    job: { plugin: row.plugin, name: row.job, input: JSON.parse(row.input) as unknown },
    cron: row.cron,
    zone: row.zone,
    catchUp: { windowMs: row.window_ms, max: row.catch_up_max },
    overlap: row.overlap,
    jitterMs: row.jitter_ms,
    pauseAfter: row.pause_after,
    description: row.description,
    state: row.state,
    pausedReason: row.paused_reason,
    nextAt: row.next_at,
    lastAt: row.last_at,
    failures: row.failures,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
