import type { AuditFilter, AuditWalk, SqlValue } from "../contract/index.ts";
import { placeholders } from "../log/index.ts";
import type { Driver } from "../store/index.ts";
import { ENTRY_COLUMNS, toEntry } from "./entry.ts";
import type { AuditEntry } from "./entry.ts";

/** One page of an organization's entries, sealed or not. */
export async function listAudit(
  driver: Driver,
  query: AuditFilter,
): Promise<readonly AuditEntry[]> {
  const conditions = ["organization = ?"];
  const parameters: SqlValue[] = [query.organization];
  const ask = (condition: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    parameters.push(value);
  };
  ask("actor = ?", query.actor);
  ask("action = ?", query.action);
  ask("target = ?", query.target);
  ask("trace = ?", query.trace);
  ask("n < ?", query.before);
  const { rows } = await driver.query({
    sql: placeholders(driver.dialect)(
      `select ${ENTRY_COLUMNS} from audit_entries where ${conditions.join(" and ")} order by n desc limit ?`,
    ),
    parameters: [...parameters, Math.min(query.limit, 1_000)],
  });
  return rows.map(toEntry);
}

/** One step of a walk through entries, oldest first, sealed or not. */
export async function walkAudit(driver: Driver, query: AuditWalk): Promise<readonly AuditEntry[]> {
  const conditions = ["n > ?"];
  const parameters: SqlValue[] = [query.after];
  const ask = (condition: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    parameters.push(value);
  };
  ask("organization = ?", query.organization);
  ask("at >= ?", query.from);
  ask("at < ?", query.to);
  const { rows } = await driver.query({
    sql: placeholders(driver.dialect)(
      `select ${ENTRY_COLUMNS} from audit_entries where ${conditions.join(" and ")} order by n limit ?`,
    ),
    parameters: [...parameters, Math.min(query.limit, 1_000)],
  });
  return rows.map(toEntry);
}

/** Erases what changed in one thing, for whoever may ask for that; who did what and when, and the chain, stay. */
export async function eraseDiffs(
  driver: Driver,
  of: { readonly organization: string; readonly target: string },
): Promise<void> {
  await driver.append([
    {
      sql: placeholders(driver.dialect)(
        `update audit_entries set diff = null where organization = ? and target = ?`,
      ),
      parameters: [of.organization, of.target],
    },
  ]);
}
