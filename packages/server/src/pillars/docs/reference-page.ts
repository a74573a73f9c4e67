import type { Page } from "portico/kernel";
import { html } from "./html.ts";
import { loadScalar } from "./scalar.ts";

/**
 * Scalar writes its styles at run time, hence 'unsafe-inline' for styles; scripts come from here only, and requests
 * ("try it") go to this origin only.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

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

/** `/docs`: the API in Scalar. */
export const referencePage: Page = {
  path: "/docs",
  serve: (_request, { server }) => {
    const { basePath } = server;
    const configuration = JSON.stringify({ ...QUIET, url: `${basePath}/openapi.json` });
    const page = html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>API · Portico</title>
        </head>
        <body>
          <noscript
            >The API's description is <a href="${basePath}/openapi.json">openapi.json</a>.</noscript
          >
          <script
            id="api-reference"
            type="application/json"
            data-configuration="${configuration}"
          ></script>
          <script src="${basePath}/docs/assets/scalar.js"></script>
        </body>
      </html> `;
    return {
      status: 200,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": POLICY,
        "cache-control": "no-cache",
      },
      body: page.html,
    };
  },
};

/** `/docs/assets/scalar.js`: read from disk when the first reader comes. */
export const scalarAsset: Page = {
  path: "/docs/assets/scalar.js",
  serve: async () => {
    const bytes = await loadScalar();
    if (bytes === undefined) {
      return {
        status: 404,
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: "The reference's script is not installed; /openapi.json has the same content.\n",
      };
    }
    return {
      status: 200,
      headers: {
        "content-type": "text/javascript; charset=utf-8",
        "content-encoding": "gzip",
        "cache-control": "public, max-age=3600",
      },
      body: bytes,
    };
  },
};
