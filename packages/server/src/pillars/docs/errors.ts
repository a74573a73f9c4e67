import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses. */
export const docsErrors = {
  "docs.noDocument": problem(
    404,
    "There is no description of the API '{api}' in the version '{version}'.",
    "`/docs` offers every API and version that has one. An API has one when its routes come from an OpenAPI document.",
  ),
} as const;

/** Makes problems `docs.*`. */
export const raise: Raise<typeof docsErrors> = raiser(docsErrors);
