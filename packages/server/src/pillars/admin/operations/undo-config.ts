import { operation, Settings } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { auditNote, changedView, ConfigChanged } from "../config-view.ts";

/** `POST /admin/config/undo` */
export const undoConfig: Operation = operation({
  id: "admin.undoConfig",
  method: "POST",
  path: "/admin/config/undo",
  summary: "Take the last change of settings back",
  description:
    "Puts each setting of the last change back to what was stored before it. Once: there is no second step back, and taking back is not taken back itself.",
  access: "config:write",
  mode: "write",
  audit: "none",
  replies: { 200: ConfigChanged },
  errors: ["settings.nothingToUndo", "settings.pinned", "settings.invalid"],
  example: {
    after: ["admin.updateConfig"],
    refused: { "settings.nothingToUndo": { times: 2 } },
  },
  handle: async ({ tx, ctx }) => {
    const changed = await ctx.get(Settings).undo(tx);
    tx.audit(auditNote("admin.undoConfig", changed));
    return changedView(changed);
  },
  afterCommit: (ctx) => ctx.get(Settings).refresh(),
});
