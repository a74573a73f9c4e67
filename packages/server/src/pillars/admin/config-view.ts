import type { AuditNote, SettingsChanged } from "portico/kernel";
import { Type } from "typebox";

const Change = Type.Object({
  path: Type.String({ description: "Dotted: `events.retentionDays`." }),
  before: Type.Unknown({ description: "Null where it was the default. Secrets read `[secret]`." }),
  after: Type.Unknown({ description: "Null where it is the default. Secrets read `[secret]`." }),
  takesEffect: Type.Union([Type.Literal("now"), Type.Literal("restart")]),
});

/** The answer of a change: what it has moved, and from when on that counts. */
export const ConfigChanged = Type.Object({
  revision: Type.Integer({ description: "Goes up with every change; send it as `If-Match`." }),
  changes: Type.Array(Change, { description: "What has changed; empty when nothing did." }),
  restartNeeded: Type.Boolean({ description: "Whether some of it waits for the next start." }),
});

/** What is answered of a change. */
export function changedView({ revision, changes }: SettingsChanged): Record<string, unknown> {
  const restartNeeded = changes.some(({ takesEffect }) => takesEffect === "restart");
  return { revision, changes, restartNeeded };
}

/** What the audit keeps of a change: each setting before and after, secrets hidden. */
export function auditNote(action: string, { changes }: SettingsChanged): AuditNote {
  return {
    action,
    target: "config",
    before: Object.fromEntries(changes.map(({ path, before }) => [path, before])),
    after: Object.fromEntries(changes.map(({ path, after }) => [path, after])),
  };
}
