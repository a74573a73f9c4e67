/** Room of `explain`: what would be decided about a request, without one. */
export { explainRequest } from "./explain.ts";
export type { PaperRequest } from "./explain.ts";
