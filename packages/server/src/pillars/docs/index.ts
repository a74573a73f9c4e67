/**
 * The docs pillar: what the server can do, told by the server itself.
 *
 * `/openapi.json` is every operation as OpenAPI 3.1, `/openapi/{api}.json` what the gateway fronts (contributed to
 * `kernel.apiDocuments@1`), `/openapi-3.0.json` the same as OpenAPI 3.0.3. `/docs` shows them in Scalar and
 * `/docs/swagger` in Swagger UI, served from here: no font, proxy or script of another host, and a content policy that
 * would refuse one. `/docs/errors/{code}` is the page that the `type` of every problem names, written from the error
 * tables of the kernel and of all plugins. It has no rows, emits nothing, needs nobody.
 */
export { docs } from "./plugin.ts";
