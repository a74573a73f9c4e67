import { Buffer } from "node:buffer";
import { sha256 } from "portico/kernel";
import type { OAuthSettings } from "../settings.ts";

/** A page of this pillar: plain HTML without a script. */
export interface PageText {
  readonly title: string;
  /** HTML whose texts are escaped. */
  readonly body: string;
}

/** The whole document, in the operator's name, with its logo and colour. */
export function writePage(settings: OAuthSettings, { title, body }: PageText): string {
  const { name, logoUrl } = settings;
  const logo =
    logoUrl === undefined
      ? ""
      : `<img class="logo" src="${escapeHtml(logoUrl)}" alt="${escapeHtml(name)}" height="48">`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)} · ${escapeHtml(name)}</title>
<style>${styleOf(settings)}</style>
</head>
<body>
<main>
${logo}
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

/**
 * Headers of a page: no script, the style that stands in it, images of the logo's origin, no frames. Where a form may go is
 * not bound: browsers hold it against the redirects that follow, which lead to the client.
 */
export function pageHeaders(settings: OAuthSettings): Record<string, string> {
  const hash = Buffer.from(sha256(styleOf(settings))).toString("base64");
  const image = settings.logoUrl === undefined ? "'none'" : new URL(settings.logoUrl).origin;
  return {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": [
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      `img-src ${image}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
  };
}

/** Text within HTML, and within a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function styleOf({ accent }: OAuthSettings): string {
  return `:root{color-scheme:light dark;--accent:${accent}}
*{box-sizing:border-box}
body{margin:0;font:1rem/1.5 system-ui,sans-serif;background:Canvas;color:CanvasText}
main{max-width:26rem;margin:8vh auto;padding:1.5rem}
h1{font-size:1.5rem;line-height:1.25}
label{display:block;margin:1rem 0 .25rem;font-weight:600}
input[type=text],input[type=password]{width:100%;padding:.6rem;font:inherit;border:1px solid GrayText;border-radius:.4rem}
button{width:100%;margin-top:1.25rem;padding:.7rem;font:inherit;font-weight:600;border-radius:.4rem;cursor:pointer}
button.main{background:var(--accent);color:#fff;border:1px solid var(--accent)}
button.other{background:transparent;color:inherit;border:1px solid GrayText}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.alert{padding:.75rem;border:2px solid #b42318;border-radius:.4rem}
ul{padding-left:1.25rem}
code{overflow-wrap:anywhere}`;
}
