import { createRequire } from "node:module";

/** The version of the package. Its manifest lies one folder up from the source as from the compiled code. */
export const VERSION: string = (
  createRequire(import.meta.url)("../package.json") as { readonly version: string }
).version;
