import type { CliVerb } from "portico/kernel";
import { Insight } from "../capability.ts";
import { raise } from "../errors.ts";
import { viewRequest, viewRequestDetail } from "../requests/index.ts";
import type { KeptDetails, RequestRow } from "../requests/index.ts";
import { decisionLines, lineOf, plain } from "./lines.ts";
import {
  filterOptions,
  filtersOf,
  numberOf,
  organizationOf,
  organizationOptions,
  text,
  timeOf,
} from "./options.ts";

const LISTED = 50;
const LISTED_MAX = 1_000;

/** `portico requests list` */
export const listVerb: CliVerb = {
  noun: "requests",
  verb: "list",
  summary: "List answered requests, newest first",
  options: [
    { flag: "--limit <count>", description: `at most so many; ${LISTED} when left out` },
    { flag: "--since <time>", description: "such as 15m, or 2026-01-31T12:00:00Z" },
    { flag: "--until <time>", description: "the same form" },
    { flag: "--search <id>", description: "the id of a request, or a trace" },
    ...filterOptions,
  ],
  async run(ctx, input) {
    const since = timeOf(ctx, input, "since");
    const until = timeOf(ctx, input, "until");
    const search = text(input, "search");
    const found = await ctx.get(Insight).requests({
      ...filtersOf(input),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(search === undefined ? {} : { search }),
      limit: Math.min(numberOf(input, "limit") ?? LISTED, LISTED_MAX),
    });
    const rows = found.map(({ row }) => row);
    return {
      data: { data: rows.map(viewRequest) },
      text: rows.map(lineOf).join("\n"),
      ...(rows.length === 0 ? { hint: "No request fits." } : {}),
    };
  },
};

/** `portico requests show <id>` */
export const showVerb: CliVerb = {
  noun: "requests",
  verb: "show",
  summary: "Show one request with every decision about it",
  arguments: [{ name: "id", description: "the request's id, as in X-Request-Id" }],
  options: organizationOptions,
  async run(ctx, input) {
    const id = input.arguments["id"] ?? "";
    const [found] = await ctx
      .get(Insight)
      .requests({ ...organizationOf(input), id, limit: 1, hasDetails: true });
    if (found === undefined) throw raise("insight.requestNotFound", { params: { id } });
    return { data: viewRequestDetail(found.row), text: textOf(found.row) };
  },
};

/** A request with its decisions, headers and bodies, for people. */
export function textOf(row: RequestRow): string {
  // Written by this pillar.
  const details = row.details === null ? undefined : (JSON.parse(row.details) as KeptDetails);
  if (details === undefined) return lineOf(row);
  const fields = (pairs: KeptDetails["requestHeaders"]): readonly string[] =>
    pairs.map(([name, value]) => plain(`  ${name}: ${value}`));
  const body = (name: string, kept: KeptDetails["requestBody"]): readonly string[] =>
    kept === null ? [] : [name, ...(kept.text ?? kept.note ?? "").split("\n").map(plain)];
  return [
    lineOf(row),
    "decisions",
    ...decisionLines(details.decisions),
    "request",
    ...fields(details.requestHeaders),
    "reply",
    ...fields(details.replyHeaders),
    ...body("request body", details.requestBody),
    ...body("reply body", details.replyBody),
  ].join("\n");
}
