import { DEFAULT_ORGANIZATION } from "../contract/index.ts";
import type { ScheduleDefinition, Tx } from "../contract/index.ts";
import { derivedId } from "../jobs/index.ts";
import type { StoreHub } from "../store/index.ts";
import { jobColumns, mustRead, nextColumns, timingColumns } from "./columns.ts";
import type { ScheduleRow, ScheduleTables } from "./tables.ts";

/** The schedules that one plugin declares. */
export interface Declared {
  readonly plugin: string;
  readonly schedules: Readonly<Record<string, ScheduleDefinition>>;
}

/**
 * Makes the stored schedules of the plugins here what their plugins declare: new ones are added, changed ones tick by
 * their new times from now on, those that are no longer declared are taken away. What ticks as before keeps its next
 * tick, so that nothing is lost over a restart, and stays paused where somebody paused it.
 */
export async function syncDeclared(hub: StoreHub, declared: readonly Declared[]): Promise<void> {
  const scope = { organization: DEFAULT_ORGANIZATION };
  const origin = { actor: "portico", cause: "start", trace: "0".repeat(32) };
  await hub.transaction({ scope, origin }, async (session) => {
    const own = session.as("schedules");
    for (const each of declared) await syncPlugin(own, each);
  });
}

async function syncPlugin(own: Tx, { plugin, schedules }: Declared): Promise<void> {
  const db = own.db<ScheduleTables>();
  const stored = await own
    .forUpdate(
      db
        .selectFrom("schedules_schedules")
        .selectAll()
        .where("plugin", "=", plugin)
        .where("declared", "is not", null)
        .orderBy("id"),
    )
    .execute();
  for (const [name, definition] of Object.entries(schedules)) {
    const before = stored.find((row) => row.declared === `${plugin}.${name}`);
    await syncOne(own, { plugin, name, definition, before });
  }
  const gone = stored.filter(
    ({ declared }) => schedules[declared?.slice(plugin.length + 1) ?? ""] === undefined,
  );
  for (const { id } of gone) {
    await db.deleteFrom("schedules_ticks").where("schedule", "=", id).execute();
    await db.deleteFrom("schedules_schedules").where("id", "=", id).execute();
  }
}

async function syncOne(
  own: Tx,
  given: {
    readonly plugin: string;
    readonly name: string;
    readonly definition: ScheduleDefinition;
    readonly before: ScheduleRow | undefined;
  },
): Promise<void> {
  const { plugin, name, definition, before } = given;
  const db = own.db<ScheduleTables>();
  const timing = mustRead(definition);
  const now = await own.now();
  const columns = {
    ...timingColumns(timing),
    ...jobColumns({ plugin, name: definition.job, input: definition.input }),
  };
  if (before === undefined) {
    // The same in every process, so that two that begin at once add one.
    const id = derivedId("schedule", [plugin, name]);
    await db
      .insertInto("schedules_schedules")
      .values({
        ...columns,
        ...nextColumns(id, timing, now),
        id,
        slug: null,
        declared: `${plugin}.${name}`,
        description: "",
        state: "active",
        paused_reason: null,
        last_at: null,
        failures: 0,
        revision: 1,
        actor: "portico",
        created_at: now,
        updated_at: now,
      })
      // Another process begins at the same moment.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return;
  }
  if (
    Object.entries(columns).every(
      ([column, value]) => before[column as keyof ScheduleRow] === value,
    )
  ) {
    return;
  }
  const isSame = JSON.stringify(timesOf(before)) === JSON.stringify(timesOf(columns));
  const next = isSame || before.state === "paused" ? {} : nextColumns(before.id, timing, now);
  await db
    .updateTable("schedules_schedules")
    .set({ ...columns, ...next, revision: before.revision + 1, updated_at: now })
    .where("id", "=", before.id)
    .execute();
}

function timesOf({
  cron,
  zone,
  jitter_ms: jitterMs,
}: Pick<ScheduleRow, "cron" | "zone" | "jitter_ms">): unknown {
  return [cron, zone, jitterMs];
}
