import { add, definePlugin, Pages } from "portico/kernel";
import { assetsPage } from "./assets.ts";
import { errorPage, errorsPage } from "./error-pages.ts";
import { docsErrors } from "./errors.ts";
import { openapiPages } from "./openapi-pages.ts";
import { referencePage } from "./reference-page.ts";
import { swaggerPage } from "./swagger-page.ts";

const pages = [...openapiPages, referencePage, swaggerPage, assetsPage, errorsPage, errorPage];

/** Serves the descriptions of the APIs, their viewers, and the pages of the error codes. */
export const docs = definePlugin({
  id: "docs",
  version: "1.0.0",
  engine: "^1",
  errors: docsErrors,
  contributes: pages.map((page) => add(Pages, page)),
});
