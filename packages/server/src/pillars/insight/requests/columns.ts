import type { SQLInputValue } from "node:sqlite";
import type { Kept } from "./budget.ts";
import type { PlacedRow, RequestRow } from "./request-row.ts";

/** A row's columns in the order in which they are written. */
const columns: readonly (readonly [name: string, of: (row: RequestRow) => SQLInputValue])[] = [
  ["organization", (row) => row.organization],
  ["id", (row) => row.id],
  ["trace", (row) => row.trace],
  ["subject", (row) => row.subject],
  ["at", (row) => row.at],
  ["duration_ms", (row) => row.durationMs],
  ["method", (row) => row.method],
  ["route", (row) => row.route],
  ["path", (row) => row.path],
  ["status", (row) => row.status],
  ["code", (row) => row.code],
  ["client_address", (row) => row.clientAddress],
  ["kept", (row) => row.kept],
  ["api", (row) => row.api],
  ["version", (row) => row.version],
  ["credential", (row) => row.credential],
  ["credential_name", (row) => row.credentialName],
  ["bytes_in", (row) => row.bytesIn],
  ["bytes_out", (row) => row.bytesOut],
  ["upstream_ms", (row) => row.upstreamMs],
  ["cache", (row) => row.cache],
  ["details", (row) => row.details],
];

/** The statement that writes one row. */
export const INSERT = `insert into requests (${columns.map(([name]) => name).join(", ")})
  values (${columns.map(() => "?").join(", ")})`;

/** What a list is read from: everything but the details, which only one row shows. */
export const LISTED = `position, ${columns
  .map(([name]) => name)
  .filter((name) => name !== "details")
  .join(", ")}`;

/** The values of {@link INSERT}. */
export function valuesOf(row: RequestRow): SQLInputValue[] {
  return columns.map(([, of]) => of(row));
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** A row as it was written; columns that it is older than are empty. */
export function toPlaced(row: Record<string, unknown>): PlacedRow {
  const upstreamMs = row["upstream_ms"];
  return {
    position: Number(row["position"]),
    row: {
      id: String(row["id"]),
      trace: String(row["trace"]),
      organization: String(row["organization"]),
      subject: String(row["subject"]),
      at: Number(row["at"]),
      durationMs: Number(row["duration_ms"]),
      method: String(row["method"]),
      route: String(row["route"]),
      path: String(row["path"]),
      status: Number(row["status"]),
      code: textOf(row["code"]),
      clientAddress: String(row["client_address"]),
      // Written from the same word.
      kept: String(row["kept"]) as Kept,
      api: textOf(row["api"]) ?? "",
      version: textOf(row["version"]),
      credential: textOf(row["credential"]),
      credentialName: textOf(row["credential_name"]),
      bytesIn: Number(row["bytes_in"] ?? 0),
      bytesOut: Number(row["bytes_out"] ?? 0),
      upstreamMs: typeof upstreamMs === "number" ? upstreamMs : null,
      cache: textOf(row["cache"]),
      details: textOf(row["details"]),
    },
  };
}
