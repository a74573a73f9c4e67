import { followLog, toRfc3339 } from "portico/kernel";
import type { CliInput, CliOutput, CliVerb, LogEvent } from "portico/kernel";
import { raise } from "../errors.ts";
import { viewData } from "../data.ts";
import { organizationOf, organizationOption, text } from "./options.ts";

const LISTED = 20;
const DATA_LENGTH_SHOWN = 200;

/** `portico events tail`: events as they happen. */
export const eventsTailVerb: CliVerb = {
  noun: "events",
  verb: "tail",
  summary: "Follow events as they are accepted by the running server",
  options: [
    {
      flag: "--types <type>",
      description: "such as invoice.*; all when left out",
      isRepeatable: true,
    },
    { flag: "--count <count>", description: "end after so many" },
    organizationOption,
  ],
  // For hosts that cannot follow: the newest there are.
  run: async (ctx, input) => {
    const organization = organizationOf(input);
    const query = { organization, types: typesOf(input), limit: LISTED, order: "newest" } as const;
    const events = await ctx.log.page(query);
    return { data: { data: events.map(viewOf) }, text: events.map(lineOf).join("\n") };
  },
  async *follow(ctx, input, signal): AsyncGenerator<CliOutput> {
    const countMax = countOf(input);
    const query = { organization: organizationOf(input), types: typesOf(input) };
    let count = 0;
    if (countMax === 0) return;
    for await (const { event, dropped } of followLog(ctx.log, query, signal)) {
      const hint = `${dropped} events came faster than this could be printed.`;
      yield { data: viewOf(event), text: lineOf(event), ...(dropped > 0 ? { hint } : {}) };
      count += 1;
      if (count >= countMax) return;
    }
  },
};

function typesOf({ options }: CliInput): readonly string[] {
  const { types } = options;
  return Array.isArray(types) && types.length > 0 ? (types as readonly string[]) : ["*"];
}

function countOf(input: CliInput): number {
  const count = text(input, "count");
  if (count === undefined) return Infinity;
  if (/^\d{1,9}$/.test(count)) return Number(count);
  throw raise("events.badOption", { params: { option: "--count", wanted: "a whole number" } });
}

function viewOf(event: LogEvent): Readonly<Record<string, unknown>> {
  const { id, type, subject, at, cause, trace, contentType, data } = event;
  const time = toRfc3339(at);
  return {
    id,
    type,
    subject,
    at: time,
    cause,
    trace,
    contentType,
    data: viewData(data, contentType),
  };
}

/** One event on one line, without what could steer a terminal. */
function lineOf({ id, type, subject, at, data, contentType }: LogEvent): string {
  const value = JSON.stringify(viewData(data, contentType));
  const shown = value.length > DATA_LENGTH_SHOWN ? `${value.slice(0, DATA_LENGTH_SHOWN)}…` : value;
  const parts = [toRfc3339(at).slice(11, 23), type, subject ?? "", id, shown];
  return parts
    .filter((part) => part !== "")
    .join("  ")
    .replaceAll(/\p{Cc}/gu, "\u{fffd}");
}
