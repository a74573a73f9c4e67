import { checkRevision, operation, Settings } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { auditNote, changedView, ConfigChanged } from "../config-view.ts";

/** `PATCH /admin/config` */
export const updateConfig: Operation = operation({
  id: "admin.updateConfig",
  method: "PATCH",
  path: "/admin/config",
  summary: "Change settings",
  description:
    'A JSON merge patch by plugin: `{"events": {"retentionDays": 30}}`; null goes back to the default. All of it is stored or nothing is. What a file, a variable or a flag gives is refused (409). The answer says what is in force at once and what waits for the next start.',
  access: "config:write",
  mode: "write",
  audit: "none",
  bodyBytesMax: 262_144,
  body: Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), {
    description: "Settings by plugin.",
  }),
  replies: { 200: ConfigChanged },
  errors: ["settings.invalid", "settings.pinned", "request.revision"],
  example: {
    body: { events: { retentionDays: 30 } },
  },
  handle: async ({ body, tx, ctx, ifMatch }) => {
    const changed = await ctx.get(Settings).change(tx, body);
    checkRevision(ifMatch, changed.previous);
    if (changed.changes.length > 0) tx.audit(auditNote("admin.updateConfig", changed));
    return changedView(changed);
  },
  afterCommit: (ctx) => ctx.get(Settings).refresh(),
});
