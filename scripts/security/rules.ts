import type { Finding } from "./exceptions.ts";
import { lookAtComparisons } from "./rules/comparisons.ts";
import { lookAtOutbound } from "./rules/outbound.ts";
import { lookAtPowers } from "./rules/powers.ts";
import { lookAtSql } from "./rules/sql.ts";
import type { Source } from "./sources.ts";

/** One rule over the sources of the server. */
export interface Rule {
  readonly name: string;
  readonly look: (source: Source) => Finding[];
}

/** Every rule, as `npm run security` runs it. */
export const RULES: readonly Rule[] = [
  { name: "no SQL is put together from values", look: lookAtSql },
  { name: "no call leaves but by the guarded client", look: lookAtOutbound },
  { name: "no secret is compared by ===", look: lookAtComparisons },
  {
    name: "no code from text, no process, no weak chance, no stray environment",
    look: lookAtPowers,
  },
];
