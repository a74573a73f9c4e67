import type { Page } from "portico/kernel";
import { offeredApis } from "./documents.ts";
import { html } from "./html.ts";
import { viewerPage } from "./viewer-page.ts";

/** `/docs/swagger`: the same documents in Swagger UI. */
export const swaggerPage: Page = {
  path: "/docs/swagger",
  serve: (_request, ctx) => {
    const { basePath } = ctx.server;
    const assets = `${basePath}/docs/assets`;
    const urls = offeredApis(ctx).map(({ title, path }) => ({
      name: title,
      url: `${basePath}${path}`,
    }));
    return viewerPage({
      title: "API · Portico · Swagger UI",
      basePath,
      head: html`<link rel="stylesheet" href="${assets}/swagger-ui.css" />`,
      body: html`<div id="swagger-ui" data-urls="${JSON.stringify(urls)}"></div>
        <script src="${assets}/swagger-ui.js"></script>
        <script src="${assets}/swagger-ui-layout.js"></script>
        <script src="${assets}/swagger-start.js"></script>`,
    });
  },
};
