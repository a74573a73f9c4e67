import { Registry, type Page } from "portico/kernel";

/** `/openapi.json`: readable from any origin, since it holds nothing of anybody. */
export const openapiPage: Page = {
  path: "/openapi.json",
  serve: (_request, ctx) => ({
    status: 200,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-cache",
      "access-control-allow-origin": "*",
    },
    body: JSON.stringify(ctx.get(Registry).openapi()),
  }),
};
