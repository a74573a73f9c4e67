import type { PluginContext, Tx } from "portico/kernel";
import { draftChange, storeChange, Table } from "../table/index.ts";
import type { Draft, Plan } from "../table/index.ts";

/** What any change of the table may be refused with. */
export const changeErrors = ["gateway.invalid", "gateway.notStarted"] as const;

/** What every operation that changes the table has in common. */
export const changing = {
  access: "gateway:write",
  mode: "write",
  /** Whoever was answered finds the change in force in this process. */
  afterCommit: (ctx: PluginContext) => ctx.get(Table).follow(),
} as const;

/** Works a change out and checks it, before its transaction. */
export function prepareChange(ctx: PluginContext, plan: Plan): Promise<Draft> {
  return draftChange(ctx.get(Table), plan);
}

/** Stores a prepared change and notes in the audit what it did to its first object; answers that object's new state. */
export async function commitChange(
  { tx, ctx }: { readonly tx: Tx; readonly ctx: PluginContext },
  draft: Draft,
  action: string,
): Promise<Draft["edits"][number]["object"]> {
  const edits = await storeChange(tx, draft, { cause: "change", at: ctx.clock.now() });
  const [edit] = edits;
  if (edit === undefined) throw new TypeError(`${action} changed nothing`);
  const { object } = edit;
  const before = draft.base.objects.get(`${object.kind} ${object.id}`)?.settings;
  const after = edit.action === "deleted" ? undefined : object.settings;
  tx.audit({ action, target: object.id, before, after });
  return object;
}
