import { createHash } from "node:crypto";
import { STATUS_CODES } from "node:http";
import { Registry, type Page, type PageReply, type RegisteredError } from "portico/kernel";
import { adviceFor } from "./advice.ts";
import { html, withCode, type Html } from "./html.ts";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem; }
code, pre { font: 0.9em/1.5 ui-monospace, monospace; }
pre { padding: 0.8rem 1rem; background: #8882; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: 0.4rem 0.8rem 0.4rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
.status { font-variant-numeric: tabular-nums; }
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** `/docs/errors`: every code of the kernel and of all plugins. */
export const errorsPage: Page = {
  path: "/docs/errors",
  serve: (_request, ctx) => {
    const { errors } = ctx.get(Registry);
    const { basePath } = ctx.server;
    return page(
      "Error codes",
      html`<h1>Error codes</h1>
        <p>
          Every refusal is a problem document (RFC 9457). Its <code>code</code> is stable: it is
          never renamed and never used for anything else.
        </p>
        <table>
          <thead>
            <tr>
              <th>Code</th>
              <th>Status</th>
              <th>Meaning</th>
            </tr>
          </thead>
          <tbody>
            ${errors.map((error) => row(error, basePath))}
          </tbody>
        </table>`,
    );
  },
};

function row({ code, definition }: RegisteredError, basePath: string): Html {
  return html`<tr>
    <td><a href="${basePath}/docs/errors/${code}">${code}</a></td>
    <td class="status">${definition.status}</td>
    <td>${withCode(definition.text)}</td>
  </tr>`;
}

/** `/docs/errors/{code}`: what a code means, what to do, how it looks, and which operations answer it. */
export const errorPage: Page = {
  path: "/docs/errors/{code}",
  serve: ({ path }, ctx) => {
    const { errors, operations, exampleOf } = ctx.get(Registry);
    const { basePath } = ctx.server;
    const error = errors.find(({ code }) => code === path["code"]);
    if (error === undefined) return unknown(basePath);
    const raisedBy = operations.filter(({ refusals }) => refusals.includes(error.code));
    return page(
      error.code,
      describe({
        error,
        basePath,
        raisedBy: raisedBy.map(routeOf),
        example: JSON.stringify(exampleOf(error.code), null, 2),
      }),
    );
  },
};

function routeOf({ operation }: { operation: { method: string; path: string } }): string {
  return `${operation.method} /api/v1${operation.path}`;
}

function describe({
  error: { code, owner, definition },
  basePath,
  raisedBy,
  example,
}: {
  readonly error: RegisteredError;
  readonly basePath: string;
  readonly raisedBy: readonly string[];
  readonly example: string;
}): Html {
  const { status, text, help } = definition;
  const { cause, action } = adviceFor(owner, status);
  return html`<p><a href="${basePath}/docs/errors">All error codes</a></p>
    <h1><code>${code}</code></h1>
    <p>
      HTTP status <strong class="status">${status}</strong> ${STATUS_CODES[status] ?? ""}, raised by
      <code>${owner}</code>.
    </p>
    <p><strong>${withCode(text)}</strong></p>
    <h2>Cause</h2>
    <p>${withCode(cause)}</p>
    <h2>What to do</h2>
    ${help === undefined ? html`` : html`<p>${withCode(help)}</p>`}
    <p>${withCode(action)}</p>
    <h2>Example</h2>
    <pre>${example}</pre>
    <p>
      <code>detail</code> is filled in where it happens; <code>params</code> has the same values on
      their own. Show <code>detail</code> to people, branch on <code>code</code>, and quote
      <code>requestId</code> when you ask for help.
    </p>
    ${answeredBy(raisedBy)}`;
}

function answeredBy(routes: readonly string[]): Html {
  if (routes.length === 0) return html``;
  return html`<h2>Answered by</h2>
    <ul>
      ${routes.map((route) => html`<li><code>${route}</code></li>`)}
    </ul>`;
}

function unknown(basePath: string): PageReply {
  return {
    ...page(
      "Unknown code",
      html`<h1>No error has this code</h1>
        <p><a href="${basePath}/docs/errors">All error codes</a></p>`,
    ),
    status: 404,
  };
}

function page(title: string, body: Html): PageReply {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Portico</title>
        <style>
          ${{ html: STYLE }}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `;
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      "cache-control": "no-cache",
    },
    body: document.html,
  };
}
