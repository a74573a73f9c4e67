import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses. */
export const insightErrors = {
  "insight.requestNotFound": problem(
    404,
    "The request log has no row of '{id}' here. Under load only a part of the requests has one; POST /requests/explain tells what would be decided.",
    "Rows are kept up to a budget for each second, and each process keeps its own. Refusals, failures and slow requests " +
      "have rows beyond the budget too.",
  ),
  "insight.keyNotFound": problem(
    404,
    "There is no key '{id}' here. Name one of this organization by its id.",
  ),
  "insight.badTarget": problem(
    422,
    "'{path}' is not a path of this server: {reason}. Write a path such as /shop/invoices/7?page=2.",
  ),
  "insight.badRange": problem(
    422,
    "The range from {from} to {to} is empty. Let `from` be before `to`.",
  ),
  "insight.tooManyPoints": problem(
    422,
    "The range holds {points} intervals, at most {max} are answered. Take a coarser interval, such as {instead}, or a shorter range.",
  ),
  "insight.notKept": problem(
    422,
    "Counts by the {interval} are kept since {since}, and the range begins at {from}. Take a coarser interval or begin later.",
  ),
  "insight.tooMuch": problem(
    422,
    "The answer would read {rows} rows, at most {max} are read. Narrow it by a filter, a shorter range or a coarser interval.",
  ),
  "insight.errorNotFound": problem(404, "There is no error '{id}' here."),
  "insight.badOption": problem(400, "'{got}' is no value of {option}: {expected}."),
} as const;

/** Raises one of them. */
export const raise: Raise<typeof insightErrors> = raiser(insightErrors);
