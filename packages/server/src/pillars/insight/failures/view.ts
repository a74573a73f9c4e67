import { toRfc3339 } from "portico/kernel";
import { Type } from "typebox";
import type { ErrorCallerRow, ErrorRow, ErrorSampleRow } from "../tables.ts";

const Nullable = <TText extends string>(description: TText) =>
  Type.Union([Type.String(), Type.Null()], { description });

/** An error as lists show it. */
export const ErrorView = Type.Object({
  id: Type.String(),
  fingerprint: Type.String({ description: "The same for failures that are the same." }),
  kind: Type.String({
    description: "operation, gateway, upstream, job, plugin, or application for reported ones.",
  }),
  place: Type.String({ description: "Route with its method, job, reaction." }),
  code: Nullable("Code of the problem, where there is one."),
  message: Type.String({ description: "What callers were told." }),
  state: Type.String({ description: "open, resolved or muted." }),
  count: Type.Integer({ description: "How often." }),
  firstAt: Type.String({ format: "date-time" }),
  lastAt: Type.String({ format: "date-time" }),
  changedAt: Type.String({ format: "date-time", description: "When its state changed last." }),
  regressedAt: Nullable("When it happened again after it was resolved."),
  revision: Type.Integer(),
});

/** An error with what it leads to. */
export const ErrorDetailView = Type.Object({
  ...ErrorView.properties,
  inside: Type.Union(
    [
      Type.Object({
        detail: Nullable("What it said."),
        stack: Nullable("Where it happened, the first time."),
      }),
      Type.Null(),
    ],
    { description: "For operators (`insight:operate`), and of what the application reported." },
  ),
  callers: Type.Array(
    Type.Object({
      subject: Type.String(),
      count: Type.Integer(),
      lastAt: Type.String({ format: "date-time" }),
    }),
    { description: "Who met it, most often first; at most 200." },
  ),
  samples: Type.Array(
    Type.Object({
      at: Type.String({ format: "date-time" }),
      subject: Type.String(),
      trace: Nullable("Its thread: GET /requests?trace=…"),
      source: Nullable("Id of the request, job or event."),
      message: Type.String(),
    }),
    { description: "The newest occurrences; at most 10." },
  ),
});

/** One error for a list. */
export function viewError(row: ErrorRow): Record<string, unknown> {
  const { id, fingerprint, kind, place, code, message, state, count, revision } = row;
  return {
    id,
    fingerprint,
    kind,
    place,
    code,
    message,
    state,
    count,
    firstAt: toRfc3339(row.first_at),
    lastAt: toRfc3339(row.last_at),
    changedAt: toRfc3339(row.changed_at),
    regressedAt: row.regressed_at === null ? null : toRfc3339(row.regressed_at),
    revision,
  };
}

/** What hangs on an error. */
export interface ErrorParts {
  readonly callers: readonly ErrorCallerRow[];
  readonly samples: readonly ErrorSampleRow[];
  /** The caller may see what broke inside. */
  readonly mayOperate: boolean;
}

/** One error with its callers and samples. */
export function viewErrorDetail(
  row: ErrorRow,
  { callers, samples, mayOperate }: ErrorParts,
): Record<string, unknown> {
  const { detail, stack } = row;
  // What the application itself reported is its own to see.
  const isShown = mayOperate || row.kind === "application";
  return {
    ...viewError(row),
    inside: isShown ? { detail, stack } : null,
    callers: callers.map(({ subject, count, last_at }) => ({
      subject,
      count,
      lastAt: toRfc3339(last_at),
    })),
    samples: samples.map(({ at, subject, trace, source, message, detail: said }) => ({
      at: toRfc3339(at),
      subject,
      trace,
      source,
      message: isShown && said !== null ? said : message,
    })),
  };
}
