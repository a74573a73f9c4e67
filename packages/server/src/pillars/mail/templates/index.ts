export { builtInTemplates } from "./built-in.ts";
export type { MailTemplate } from "./built-in.ts";
export { fillTemplate } from "./fill.ts";
export type { FilledTemplate } from "./fill.ts";
export { readTemplates } from "./files.ts";
export type { Templates } from "./files.ts";
