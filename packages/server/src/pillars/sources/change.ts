import { checkRevision } from "portico/kernel";
import type { PluginContext, Tx } from "portico/kernel";
import { findSource } from "./find.ts";
import { SOURCE_CHANGED } from "./keep-sources.ts";
import type { SourceRow, SourceTables } from "./tables.ts";
import { sourceData, viewSource } from "./view.ts";
import type { ReadSource } from "./view.ts";

/** Which source is meant, and what its caller believes it to be. */
export interface Wanted {
  readonly idOrSlug: string;
  readonly ifMatch: number | undefined;
  readonly ctx: PluginContext;
}

/** Columns a change may set. */
export type Changes = Partial<
  Pick<
    SourceRow,
    "eventPrefix" | "description" | "url" | "toleranceSeconds" | "isActive" | "secrets" | "scheme"
  >
>;

/** Reads a source to change it, held until the transaction ends. Raises `sources.notFound` and `request.revision`. */
export async function holdSource(tx: Tx, { idOrSlug, ifMatch }: Wanted): Promise<ReadSource> {
  const { id } = await findSource(tx, idOrSlug);
  // Held by its id: two callers who change it at once come one after the other.
  await tx
    .forUpdate(
      tx.db<SourceTables>().selectFrom("sources_sources").select("id").where("id", "=", id),
    )
    .execute();
  const row = await findSource(tx, id);
  checkRevision(ifMatch, row.revision);
  return row;
}

/** Changes a source, tells the processes and the log, and gives back what it is now. */
export async function changeSource(
  tx: Tx,
  wanted: Wanted,
  change: (before: ReadSource) => Changes,
): Promise<ReturnType<typeof viewSource>> {
  const before = await holdSource(tx, wanted);
  const { id } = before;
  const { ctx } = wanted;
  await tx
    .db<SourceTables>()
    .updateTable("sources_sources")
    .set({ ...change(before), revision: before.revision + 1, updatedAt: ctx.clock.now() })
    .where("id", "=", id)
    .execute();
  const after = await findSource(tx, id);
  tx.emit("source.updated", sourceData(after), { subject: id });
  tx.audit({
    action: "sources.update",
    target: id,
    before: viewSource(before, ctx),
    after: viewSource(after, ctx),
  });
  tx.changed(SOURCE_CHANGED, id);
  return viewSource(after, ctx);
}
