import { problem, raiser } from "../../base/index.ts";
import type { Raise } from "../../base/index.ts";

/** What tokens refuse. */
export const tokenErrors = {
  "tokens.badSpec": problem(422, "Such a token cannot be issued: {reason}."),
} as const;

/** Makes problems `tokens.*`. */
export const raiseTokens: Raise<typeof tokenErrors> = raiser(tokenErrors);
