import { problem } from "../../base/index.ts";

/** Everything that can be wrong before a server starts because of what it was told. */
export const configErrors = {
  "config.invalid": problem(
    500,
    "The configuration has {count}.",
    "Every mistake is listed at once with its place, what was got and what was expected. `portico config print --sources` shows where each value comes from.",
  ),
};
