/**
 * CORS per API (Fetch Standard §3.3): preflights are answered before anybody is identified or counted; replies and
 * refusals carry the fields that let a page read them. Only listed origins are named back.
 */
export { answerPreflight, preflightOf } from "./preflight.ts";
export type { Preflight } from "./preflight.ts";
export { readCors } from "./rules.ts";
export type { CorsRules } from "./rules.ts";
export { corsStage, prepareRefusal } from "./stage.ts";
