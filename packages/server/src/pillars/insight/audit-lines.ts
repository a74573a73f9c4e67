import { toRfc3339 } from "portico/kernel";
import type { AuditReader, AuditWalk, PlacedAuditRecord } from "portico/kernel";

const PAGE = 500;
const COLUMNS = [
  "seq",
  "id",
  "at",
  "organization",
  "actor",
  "action",
  "target",
  "plugin",
  "cause",
  "trace",
  "diff",
  "diffHash",
  "hash",
] as const;

/** How entries may be written, with their media types. */
export const auditFormats = {
  jsonl: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
} as const;

/** One of them. */
export type AuditFormat = keyof typeof auditFormats;

/** Entries as text, a page at a time: what is not asked for yet is not read yet. */
export async function* auditLines(
  reader: Pick<AuditReader, "walk">,
  filter: Omit<AuditWalk, "after" | "limit">,
  format: AuditFormat,
): AsyncGenerator<string> {
  if (format === "csv") yield `${COLUMNS.join(",")}\r\n`;
  const line = format === "csv" ? csvLine : jsonLine;
  for (let after = 0; ;) {
    const page = await reader.walk({ ...filter, after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.map(line).join("");
    if (page.length < PAGE) return;
    after = last.n;
  }
}

type Cells = Readonly<Record<(typeof COLUMNS)[number], string | number | null>>;

function cellsOf(record: PlacedAuditRecord): Cells {
  const { seq, id, organization, actor, action, target, plugin } = record;
  const { cause, trace, diff, diffHash, hash } = record;
  const who = { seq, id, at: toRfc3339(record.at), organization, actor, action, target };
  return { ...who, plugin, cause, trace, diff, diffHash, hash };
}

/** The diff stays the text that it was hashed as, put in place of a value. */
function jsonLine(record: PlacedAuditRecord): string {
  const { diff, ...cells } = cellsOf(record);
  return `${JSON.stringify(cells).slice(0, -1)},"diff":${diff ?? "null"}}\n`;
}

function csvLine(record: PlacedAuditRecord): string {
  const cells = cellsOf(record);
  return `${COLUMNS.map((column) => csvCell(cells[column])).join(",")}\r\n`;
}

/**
 * One cell by RFC 4180, quoted always. A spreadsheet takes what begins with `=`, `+`, `-`, `@`, a tab or a line break for a
 * formula: an apostrophe in front makes it text (OWASP, CSV injection).
 */
export function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}
