import type { Page } from "portico/kernel";
import { offeredApis } from "./documents.ts";
import { html } from "./html.ts";
import { viewerPage } from "./viewer-page.ts";

/** Everything of Scalar that would speak to a host that is not ours is off. */
const QUIET = {
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: "",
  hideClientButton: true,
  showDeveloperTools: "never",
  showToolbar: "never",
  agent: { disabled: true, hideAddApi: true },
  mcp: { disabled: true },
  externalUrls: { dashboardUrl: "", registryUrl: "", proxyUrl: "", apiBaseUrl: "" },
};

/** `/docs`: every API in Scalar, with a switch between them where there are several. */
export const referencePage: Page = {
  path: "/docs",
  serve: (_request, ctx) => {
    const { basePath } = ctx.server;
    const sources = offeredApis(ctx).map(({ slug, title, path }, index) => ({
      slug,
      title,
      url: `${basePath}${path}`,
      default: index === 0,
    }));
    return viewerPage({
      title: "API · Portico",
      basePath,
      body: html`<script
          id="api-reference"
          type="application/json"
          data-configuration="${JSON.stringify({ ...QUIET, sources })}"
        ></script>
        <script src="${basePath}/docs/assets/scalar.js"></script>`,
    });
  },
};
