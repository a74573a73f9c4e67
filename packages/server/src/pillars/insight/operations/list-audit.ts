import { Audit, listOf, operation, pageQuery, toRfc3339 } from "portico/kernel";
import type { AuditRecord, Operation } from "portico/kernel";
import { Type } from "typebox";

const Word = (description: string) => Type.Optional(Type.String({ description, maxLength: 256 }));
const AuditEntry = Type.Object({
  id: Type.String(),
  at: Type.String({ description: "When it was done (RFC 3339)." }),
  actor: Type.String({ description: "Who did it: a key's or a user's id." }),
  action: Type.String({ description: "What was done: an operation's id." }),
  target: Type.String({ description: "To what: an object's id." }),
  plugin: Type.String(),
  cause: Type.String({ description: "The request or job it was part of." }),
  trace: Type.String({ description: "W3C trace id of its thread." }),
  diff: Type.Unknown({ description: "`{before, after}`; null when it was erased." }),
  diffHash: Type.String({ description: "SHA-256 of the diff in canonical JSON; outlives it." }),
  sealed: Type.Boolean({ description: "Whether the hash chain reaches it; within a second." }),
});

/** `GET /audit` */
export const listAudit: Operation = operation({
  id: "insight.audit",
  method: "GET",
  path: "/audit",
  summary: "List audit entries",
  description:
    "Who did what to what in the caller's organization, newest first. Entries are written with the deed and chained by hash; `portico audit verify` checks the chain.",
  access: "audit:read",
  mode: "read",
  query: Type.Object({
    ...pageQuery,
    actor: Word("Who did it, exactly."),
    action: Word("What was done, exactly: `keys.create`."),
    target: Word("To what, exactly."),
    trace: Type.Optional(Type.String({ pattern: "^[0-9a-f]{32}$" })),
  }),
  replies: { 200: listOf(AuditEntry) },
  example: { query: { limit: "10" } },
  handle: async ({ query, caller, ctx, cursor }) => {
    const { actor, action, target, trace, limit = 50 } = query;
    const before = cursor.after?.[0];
    const found = await ctx.get(Audit).list({
      organization: caller.organization,
      limit: limit + 1,
      ...(actor === undefined ? {} : { actor }),
      ...(action === undefined ? {} : { action }),
      ...(target === undefined ? {} : { target }),
      ...(trace === undefined ? {} : { trace }),
      ...(typeof before === "number" ? { before } : {}),
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const isMore = found.length > limit && last !== undefined;
    return { data: page.map(view), next: isMore ? cursor.next([last.n]) : null };
  },
});

function view(record: AuditRecord): Record<string, unknown> {
  const { id, actor, action, target, plugin, cause, trace, diffHash } = record;
  const diff: unknown = record.diff === null ? null : JSON.parse(record.diff);
  const sealed = record.hash !== null;
  const at = toRfc3339(record.at);
  return { id, at, actor, action, target, plugin, cause, trace, diff, diffHash, sealed };
}
