import type { PageReply } from "portico/kernel";
import { html, type Html } from "./html.ts";
import { VIEWER_POLICY } from "./policy.ts";

/** What a viewer's page is made of. */
export interface ViewerPage {
  readonly title: string;
  readonly basePath: string;
  readonly head?: Html;
  readonly body: Html;
}

/** The frame of a page that shows documents by scripts of this origin. */
export function viewerPage({ title, basePath, head, body }: ViewerPage): PageReply {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        ${head ?? html``}
      </head>
      <body>
        <noscript
          >The API's description is <a href="${basePath}/openapi.json">openapi.json</a>.</noscript
        >
        ${body}
      </body>
    </html> `;
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": VIEWER_POLICY,
      "cache-control": "no-cache",
    },
    body: page.html,
  };
}
