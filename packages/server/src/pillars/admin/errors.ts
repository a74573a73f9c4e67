import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses. */
export const adminErrors = {
  "admin.badRange": problem(
    422,
    "The range from {from} to {to} is empty. Let `from` be before `to`.",
  ),
  "admin.tooManyBuckets": problem(
    422,
    "The range holds {buckets} intervals of a {interval}, at most {max} are answered. Take a coarser interval or a shorter range.",
  ),
} as const;

/** Raises one of them. */
export const raise: Raise<typeof adminErrors> = raiser(adminErrors);
