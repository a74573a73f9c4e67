import type { RequestFilters, RequestRow } from "./request-row.ts";

/** One filter: as a condition in SQL with its values, and as a test of a row. */
interface Filter<TValue> {
  readonly sql: string;
  readonly values: (value: TValue) => readonly (string | number)[];
  readonly holds: (row: RequestRow, value: TValue) => boolean;
}

type FilterTable = {
  readonly [TName in keyof RequestFilters]-?: Filter<NonNullable<RequestFilters[TName]>>;
};

const exactly = <TValue extends string | number>(
  column: string,
  of: (row: RequestRow) => TValue | null,
): Filter<TValue> => ({
  sql: `${column} = ?`,
  values: (value) => [value],
  holds: (row, value) => of(row) === value,
});

const table: FilterTable = {
  organization: exactly("organization", (row) => row.organization),
  status: {
    sql: "status between ? and ?",
    values: statusRange,
    holds: ({ status }, wanted) => {
      const [from, to] = statusRange(wanted);
      return status >= from && status <= to;
    },
  },
  method: exactly("method", (row) => row.method),
  route: exactly("route", (row) => row.route),
  api: exactly("api", (row) => row.api),
  version: exactly("version", (row) => row.version),
  credential: exactly("credential", (row) => row.credential),
  subject: exactly("subject", (row) => row.subject),
  code: exactly("code", (row) => row.code),
  id: exactly("id", (row) => row.id),
  trace: exactly("trace", (row) => row.trace),
  search: {
    sql: "(id = ? or trace = ?)",
    values: (text) => [text, text],
    holds: ({ id, trace }, text) => id === text || trace === text,
  },
  since: { sql: "at >= ?", values: (at) => [at], holds: (row, at) => row.at >= at },
  until: { sql: "at < ?", values: (at) => [at], holds: (row, at) => row.at < at },
  slow: {
    sql: "duration_ms >= ?",
    values: (ms) => [ms],
    holds: (row, ms) => row.durationMs >= ms,
  },
};

function statusRange(wanted: string): readonly [number, number] {
  if (!wanted.endsWith("xx")) return [Number(wanted), Number(wanted)];
  const from = Number(wanted[0]) * 100;
  return [from, from + 99];
}

const entries = Object.entries(table) as readonly [keyof RequestFilters, Filter<never>][];

/** The conditions of a query and their values, in order. */
export function conditionsOf(filters: RequestFilters): {
  readonly wheres: readonly string[];
  readonly values: readonly (string | number)[];
} {
  const used = entries.filter(([name]) => filters[name] !== undefined);
  return {
    wheres: used.map(([, { sql }]) => sql),
    // The table's type ties each filter to the value under its own name.
    values: used.flatMap(([name, { values }]) => values(filters[name] as never)),
  };
}

/** True when a row passes every filter that is given. */
export function isWanted(row: RequestRow, filters: RequestFilters): boolean {
  return entries.every(
    ([name, { holds }]) => filters[name] === undefined || holds(row, filters[name] as never),
  );
}
