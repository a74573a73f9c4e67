/**
 * The docs pillar: what the server can do, told by the server itself.
 *
 * `/openapi.json` is every operation as OpenAPI 3.1; `/docs` shows it in Scalar, served from here: no font, proxy or
 * script of another host, and a content policy that would refuse one. `/docs/errors` and `/docs/errors/{code}` are the
 * pages that the `type` of every problem names, written from the error tables of the kernel and of all plugins.
 * Everything is read from the kernel's registry when it is first asked for. It has no rows, emits nothing, needs nobody.
 */
import { add, definePlugin, Pages } from "portico/kernel";
import { errorPage, errorsPage } from "./error-pages.ts";
import { openapiPage } from "./openapi-page.ts";
import { referencePage, scalarAsset } from "./reference-page.ts";

/** Serves the API's description and the pages of its error codes. */
export const docs = definePlugin({
  id: "docs",
  version: "1.0.0",
  engine: "^1",
  contributes: [openapiPage, referencePage, scalarAsset, errorsPage, errorPage].map((page) =>
    add(Pages, page),
  ),
});
