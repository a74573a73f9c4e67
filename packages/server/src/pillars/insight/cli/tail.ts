import type { CliOutput, CliVerb } from "portico/kernel";
import { Insight } from "../capability.ts";
import { viewRequest } from "../requests/index.ts";
import { lineOf } from "./lines.ts";
import { filterOptions, filtersOf, numberOf } from "./options.ts";
import { listVerb } from "./requests.ts";

/** `portico tail`: requests as they are answered. */
export const tailVerb: CliVerb = {
  noun: "tail",
  verb: "",
  summary: "Follow requests as they are answered by the running server",
  options: [{ flag: "--count <count>", description: "end after so many" }, ...filterOptions],
  // For hosts that cannot follow: what there is now.
  run: (ctx, input, report) => listVerb.run(ctx, input, report),
  async *follow(ctx, input, signal): AsyncGenerator<CliOutput> {
    const countMax = numberOf(input, "count") ?? Infinity;
    let count = 0;
    if (countMax === 0) return;
    for await (const { rows, dropped } of ctx.get(Insight).follow(filtersOf(input), signal)) {
      for (const row of rows) {
        const isFirst = row === rows[0];
        const hint = `${dropped} requests were answered faster than this could be printed.`;
        yield {
          data: viewRequest(row),
          text: lineOf(row),
          ...(isFirst && dropped > 0 ? { hint } : {}),
        };
        count += 1;
        if (count >= countMax) return;
      }
    }
  },
};
