export { tokenErrors } from "./errors.ts";
export { tokensSchema } from "./tables.ts";
export { createTokens } from "./tokens.ts";
export type { RunningTokens, TokensOptions } from "./tokens.ts";
