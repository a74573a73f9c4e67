import type { Generated } from "kysely";
import type { Migration, MigrationContext, Overlap } from "../contract/index.ts";
import type { SchemaOwner } from "../store/index.ts";

/** One schedule. Times are milliseconds since 1970. */
export interface ScheduleRow {
  readonly id: string;
  readonly slug: string | null;
  readonly declared: string | null;
  readonly plugin: string;
  readonly job: string;
  /** JSON. */
  readonly input: string;
  readonly cron: string;
  readonly zone: string;
  readonly window_ms: number;
  readonly catch_up_max: number;
  readonly overlap: Overlap;
  readonly jitter_ms: number;
  readonly pause_after: number;
  readonly description: string;
  readonly state: "active" | "paused";
  readonly paused_reason: "caller" | "failures" | "input" | null;
  /** The next tick; null while paused. */
  readonly next_at: number | null;
  /** When its job begins: the tick and its jitter. */
  readonly fire_at: number | null;
  readonly last_at: number | null;
  readonly failures: number;
  /** Goes up with every change that a tick under way must not overlook. */
  readonly revision: number;
  /** Whom its jobs are done for: whoever made it. */
  readonly actor: string;
  readonly created_at: number;
  readonly updated_at: number;
}

/** One tick that came: the proof that it came once. */
export interface TickRow {
  readonly schedule: string;
  readonly tick_at: number;
  readonly outcome: "run" | "skipped" | "missed";
  readonly job: string | null;
  readonly at: number;
}

/** The room's tables as Kysely sees them. */
export interface ScheduleTables {
  readonly schedules_schedules: ScheduleRow & { readonly organization: Generated<string> };
  readonly schedules_ticks: TickRow & { readonly organization: Generated<string> };
}

const TEXTS = [
  "plugin",
  "job",
  "input",
  "cron",
  "zone",
  "overlap",
  "description",
  "state",
  "actor",
];
const TEXTS_OR_NULL = ["slug", "declared", "paused_reason"];
const NUMBERS = [
  "window_ms",
  "catch_up_max",
  "jitter_ms",
  "pause_after",
  "failures",
  "revision",
  "created_at",
  "updated_at",
];
const TIMES_OR_NULL = ["next_at", "fire_at", "last_at"];

async function createSchedulesTable({ db, type }: MigrationContext): Promise<void> {
  let table = db.schema
    .createTable("schedules_schedules")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("id", type.text, (column) => column.notNull())
    .addPrimaryKeyConstraint("schedules_schedules_pk", ["organization", "id"]);
  for (const name of TEXTS) table = table.addColumn(name, type.text, (column) => column.notNull());
  for (const name of TEXTS_OR_NULL) table = table.addColumn(name, type.text);
  for (const name of NUMBERS)
    table = table.addColumn(name, type.integer, (column) => column.notNull());
  for (const name of TIMES_OR_NULL) table = table.addColumn(name, type.integer);
  await table.execute();
  const indexes = [
    ["schedules_slugs", ["organization", "slug"], true],
    ["schedules_ids", ["id"], true],
    ["schedules_due", ["state", "fire_at"], false],
  ] as const;
  for (const [name, columns, isUnique] of indexes) {
    const index = db.schema
      .createIndex(name)
      .on("schedules_schedules")
      .columns([...columns]);
    await (isUnique ? index.unique() : index).execute();
  }
}

const createSchedules: Migration = {
  id: "0001-create-schedules",
  up: async (context) => {
    await createSchedulesTable(context);
    const { db, type } = context;
    await db.schema
      .createTable("schedules_ticks")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("schedule", type.text, (column) => column.notNull())
      .addColumn("tick_at", type.integer, (column) => column.notNull())
      .addColumn("outcome", type.text, (column) => column.notNull())
      .addColumn("job", type.text)
      .addColumn("at", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("schedules_ticks_pk", ["organization", "schedule", "tick_at"])
      .execute();
    await db.schema.createIndex("schedules_ticks_age").on("schedules_ticks").column("at").execute();
  },
};

/** Schedules and their ticks, each an organization's. */
export const schedulesSchema: SchemaOwner = {
  id: "schedules",
  tables: { schedules_schedules: "organization", schedules_ticks: "organization" },
  migrations: [createSchedules],
};
