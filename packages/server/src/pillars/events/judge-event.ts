import type { EventJudge } from "portico/kernel";
import { catalogueOf, rulesOf } from "./catalogue.ts";
import { judge } from "./schema/index.ts";

/** Judges events that are stored in any case by the schema of their type. */
export const bySchema: EventJudge = {
  id: "events",
  async judge({ organization, type, data }, ctx) {
    const read = ctx.store.read({ organization });
    const rule = (await rulesOf(ctx, read, { organization, types: [type] })).get(type);
    if (rule === undefined) return [];
    const places = judge(rule.schema, data);
    if (places.length > 0) catalogueOf(ctx).unfit.add(1, { outcome: "stored" });
    return places;
  },
};
