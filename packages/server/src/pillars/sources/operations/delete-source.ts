import { Type } from "typebox";
import { operation } from "portico/kernel";
import { holdSource } from "../change.ts";
import { SOURCE_CHANGED } from "../keep-sources.ts";
import { followsChange } from "../state.ts";
import type { SourceTables } from "../tables.ts";
import { viewSource } from "../view.ts";

/** `DELETE /sources/{id}`: the row and its secrets are gone; what came in by it stays on record. */
export const deleteSource = operation({
  id: "sources.delete",
  method: "DELETE",
  path: "/sources/{id}",
  summary: "Delete a source",
  description:
    "The source and its secrets are erased, and its address answers 404. Messages that came in by it can be read by their " +
    "ids until they are old.",
  access: "sources:write",
  mode: "write",
  ...followsChange,
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 204: null },
  errors: ["sources.notFound"],
  example: { path: { id: "{sources.create.id}" }, after: ["sources.create"] },
  async handle({ path, ifMatch, tx, ctx }) {
    const row = await holdSource(tx, { idOrSlug: path.id, ifMatch, ctx });
    await tx.db<SourceTables>().deleteFrom("sources_sources").where("id", "=", row.id).execute();
    tx.emit("source.deleted", { id: row.id }, { subject: row.id });
    tx.audit({ action: "sources.delete", target: row.id, before: viewSource(row, ctx) });
    tx.changed(SOURCE_CHANGED, row.id);
  },
});
