/** Counting for the point `kernel.statistics@1` at a bounded cost: what plugins and rooms of the kernel have in common. */
export { countPages, STATISTIC_PAGE } from "./count-pages.ts";
export type { CountedPage } from "./count-pages.ts";
