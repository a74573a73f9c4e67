import { canonicalJson } from "../../base/index.ts";
import type { Clock, MakeId } from "../../base/index.ts";
import { placeholders } from "../log/index.ts";
import type { Dialect } from "../log/index.ts";
import type { Writers } from "../store/index.ts";
import { hashDiff } from "./entry.ts";
import { raiseAudit } from "./errors.ts";

/** What the writer needs. */
export interface AuditWriterOptions {
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly makeId: MakeId;
}

/**
 * Makes the `audit` of the store's writers: an entry in the transaction of what it tells, with the hash of its diff.
 * The chain is not touched here: it would make every write wait for every other. Throws `audit.badDiff`.
 */
export function createAuditWriter(options: AuditWriterOptions): Writers["audit"] {
  const sql = placeholders(options.dialect)(`insert into audit_entries
    (id, organization, plugin, actor, action, target, cause, trace, at, diff, diff_hash)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  return (context, note) => {
    const { owner, organization, origin } = context;
    const diff = diffOf(note.before, note.after);
    const parameters = [
      options.makeId("aud"),
      organization,
      owner,
      origin.actor,
      note.action,
      note.target,
      origin.cause,
      origin.trace,
      options.clock.now(),
      diff,
      hashDiff(diff),
    ];
    return [{ sql, parameters, rows: 1 }];
  };
}

function diffOf(before: unknown, after: unknown): string {
  try {
    return canonicalJson({ before, after });
  } catch (error) {
    throw raiseAudit("audit.badDiff", { cause: error });
  }
}
