import { isProblem } from "portico/kernel";
import type { MakeId, PluginContext, Tx } from "portico/kernel";
import type { ErrorRow, ErrorState, InsightTables } from "../tables.ts";
import type { Group } from "./group.ts";

const CALLERS_MAX = 200;
const SAMPLES_MAX = 10;

/** Writes groups, each organization's in a transaction of its own. Answers those to try again. */
export async function writeGroups(
  ctx: PluginContext,
  groups: readonly Group[],
): Promise<readonly Group[]> {
  const left: Group[] = [];
  for (const [organization, own] of Map.groupBy(groups, ({ first }) => first.organization)) {
    try {
      const origin = ctx.newOrigin("insight");
      await ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
        for (const group of own) await recordGroup(tx, group, ctx.makeId);
      });
    } catch (error) {
      ctx.logger.warn({ error, organization, groups: own.length }, "errors were not written");
      // A database that is away comes back, and a race is lost once; anything else would fail for ever.
      const isPassing = isProblem(error) && error.code.startsWith("store.");
      if (isPassing) left.push(...own);
    }
  }
  return left;
}

/** Adds occurrences to their error, which it opens where there is none, and opens again where it was resolved. */
export async function recordGroup(tx: Tx, group: Group, makeId: MakeId): Promise<ErrorRow> {
  const known = await tx
    .forUpdate(
      tx
        .db<InsightTables>()
        .selectFrom("insight_errors")
        .selectAll()
        .where("fingerprint", "=", group.fingerprint),
    )
    .executeTakeFirst();
  const row = known === undefined ? await open(tx, group, makeId) : await addTo(tx, known, group);
  await noteCallers(tx, group);
  await keepSamples(tx, group, makeId);
  return row;
}

async function open(tx: Tx, group: Group, makeId: MakeId): Promise<ErrorRow> {
  const { fingerprint, first, count, firstAt, lastAt } = group;
  const { kind, place, code, message, detail, stack } = first;
  const row: ErrorRow = {
    fingerprint,
    id: makeId("err"),
    kind,
    place,
    code,
    message,
    detail,
    stack,
    state: "open",
    count,
    first_at: firstAt,
    last_at: lastAt,
    changed_at: firstAt,
    regressed_at: null,
    revision: 1,
  };
  await tx.db<InsightTables>().insertInto("insight_errors").values(row).execute();
  return row;
}

async function addTo(tx: Tx, known: ErrorRow, group: Group): Promise<ErrorRow> {
  // What was under way when somebody resolved it is no regression.
  const isRegressed = known.state === "resolved" && group.lastAt > known.changed_at;
  const state: ErrorState = isRegressed ? "open" : known.state;
  const change = {
    count: known.count + group.count,
    first_at: Math.min(known.first_at, group.firstAt),
    last_at: Math.max(known.last_at, group.lastAt),
    state,
    ...(isRegressed
      ? { regressed_at: group.lastAt, changed_at: group.lastAt, revision: known.revision + 1 }
      : {}),
  };
  await tx
    .db<InsightTables>()
    .updateTable("insight_errors")
    .set(change)
    .where("fingerprint", "=", known.fingerprint)
    .execute();
  return { ...known, ...change };
}

async function noteCallers(tx: Tx, { fingerprint, callers, lastAt }: Group): Promise<void> {
  const db = tx.db<InsightTables>();
  const rows = await db
    .selectFrom("insight_error_callers")
    .select(["subject", "count"])
    .where("fingerprint", "=", fingerprint)
    .execute();
  const known = new Map(rows.map(({ subject, count }) => [subject, count]));
  const fresh = [...callers].filter(([subject]) => !known.has(subject));
  const values = fresh
    .slice(0, Math.max(0, CALLERS_MAX - known.size))
    .map(([subject, count]) => ({ fingerprint, subject, count, last_at: lastAt }));
  if (values.length > 0) await db.insertInto("insight_error_callers").values(values).execute();
  for (const [subject, count] of callers) {
    const before = known.get(subject);
    if (before === undefined) continue;
    await db
      .updateTable("insight_error_callers")
      .set({ count: before + count, last_at: lastAt })
      .where("fingerprint", "=", fingerprint)
      .where("subject", "=", subject)
      .execute();
  }
}

async function keepSamples(tx: Tx, group: Group, makeId: MakeId): Promise<void> {
  const { fingerprint, samples } = group;
  const db = tx.db<InsightTables>();
  const values = samples.map(({ at, subject, trace, source, message, detail }) => ({
    fingerprint,
    id: makeId("smp"),
    at,
    subject,
    trace,
    source,
    message,
    detail,
  }));
  await db.insertInto("insight_error_samples").values(values).execute();
  const old = await db
    .selectFrom("insight_error_samples")
    .select("id")
    .where("fingerprint", "=", fingerprint)
    .orderBy("id", "desc")
    .execute();
  const ids = old.slice(SAMPLES_MAX).map(({ id }) => id);
  if (ids.length === 0) return;
  await db
    .deleteFrom("insight_error_samples")
    .where("fingerprint", "=", fingerprint)
    .where("id", "in", ids)
    .execute();
}
