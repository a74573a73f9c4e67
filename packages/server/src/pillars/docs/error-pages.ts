import { createHash } from "node:crypto";
import { Registry, type Page, type PageReply, type RegisteredError } from "portico/kernel";
import { html, withCode, type Html } from "./html.ts";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem; }
code, pre { font: 0.9em/1.5 ui-monospace, monospace; }
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

/** `/docs/errors/{code}`: what a code means, what to do, and which operations answer it. */
export const errorPage: Page = {
  path: "/docs/errors/{code}",
  serve: ({ path }, ctx) => {
    const { errors, operations } = ctx.get(Registry);
    const { basePath } = ctx.server;
    const error = errors.find(({ code }) => code === path["code"]);
    if (error === undefined) return unknown(basePath);
    const raisedBy = operations.filter(({ operation }) => operation.errors.includes(error.code));
    return page(error.code, describe({ error, basePath, raisedBy: raisedBy.map(routeOf) }));
  },
};

function routeOf({ operation }: { operation: { method: string; path: string } }): string {
  return `${operation.method} /api/v1${operation.path}`;
}

function describe({
  error: { code, owner, definition },
  basePath,
  raisedBy,
}: {
  readonly error: RegisteredError;
  readonly basePath: string;
  readonly raisedBy: readonly string[];
}): Html {
  const routes = raisedBy.map((route) => html`<li><code>${route}</code></li>`);
  return html`<p><a href="${basePath}/docs/errors">All error codes</a></p>
    <h1><code>${code}</code></h1>
    <p>
      HTTP status <strong class="status">${definition.status}</strong>, raised by
      <code>${owner}</code>.
    </p>
    <p>${withCode(definition.text)}</p>
    ${
      definition.help === undefined
        ? html``
        : html`<h2>What to do</h2>
            <p>${withCode(definition.help)}</p>`
    }
    ${
      routes.length === 0
        ? html``
        : html`<h2>Answered by</h2>
            <ul>
              ${routes}
            </ul>`
    }
    <p>
      Words in braces, such as <code>{max}</code>, are filled in where it happens; the problem
      document has them in <code>params</code>.
    </p>`;
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
