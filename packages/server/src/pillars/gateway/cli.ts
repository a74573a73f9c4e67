import type { CliVerb } from "portico/kernel";
import { Gateway } from "./capability.ts";
import { importDocument } from "./import-document.ts";
import type { RouteView } from "./route-view.ts";

/** `portico routes list` */
const listVerb: CliVerb = {
  noun: "routes",
  verb: "list",
  summary: "List the routes of the fronted APIs that are in force",
  options: [{ flag: "--api <id>", description: "of one API" }],
  run: (ctx, { options }) => {
    const { api } = options;
    const routes = ctx
      .get(Gateway)
      .routes()
      .filter((route) => api === undefined || route.api === api);
    return Promise.resolve({ data: { data: routes }, text: columns(routes.map(cellsOf)) });
  },
};

/** `portico routes own`: what no fronted route may have. */
const ownVerb: CliVerb = {
  noun: "routes",
  verb: "own",
  summary: "List Portico's own paths, which no route of a fronted API may have",
  run: (ctx) => {
    const { ownHost, basePath } = ctx.server;
    const paths = [...ctx.server.ownPaths()].toSorted();
    return Promise.resolve({
      data: { data: paths, basePath, ownHost: ownHost ?? null },
      text: paths.join("\n"),
      hint:
        ownHost === undefined
          ? "Move all of them below a prefix with server.basePath, or to a host of their own with server.ownHost."
          : `They are on the host ${ownHost} only, so that no route can collide with one.`,
    });
  },
};

/** `portico routes import <file>`: an API's row of an OpenAPI document, in one revision. */
const importVerb: CliVerb = {
  noun: "routes",
  verb: "import",
  summary: "Make an API of an OpenAPI document, or give one another document",
  arguments: [{ name: "file", description: "YAML or JSON, 3.0 or 3.1", isFile: true }],
  options: [
    { flag: "--api <id>", description: "id of the API", default: "app" },
    { flag: "--upstream <url>", description: "where the application is; needed the first time" },
    {
      flag: "--base-path <path>",
      description: "prefix of its routes; the document's when left out",
    },
    {
      flag: "--auth <kind>",
      description: "none, key, token or either; the document's when left out",
    },
  ],
  run: async (ctx, input, report) => {
    const text = (name: string): string | undefined => {
      const value = input.options[name];
      return typeof value === "string" ? value : undefined;
    };
    const given = {
      source: input.arguments["file"] ?? "",
      api: text("api") ?? "app",
      upstream: text("upstream"),
      basePath: text("basePath"),
      auth: text("auth"),
      report,
    };
    const imported = await importDocument(ctx, given, ctx.newOrigin("cli"));
    const { api, routes, revision } = imported;
    return { data: imported, text: `${routes} routes of the API '${api}', revision ${revision}` };
  },
};

/** The gateway's commands. */
export const routeVerbs: readonly CliVerb[] = [listVerb, ownVerb, importVerb];

function cellsOf(route: RouteView): readonly string[] {
  const { methods, host, path, auth, source, upstream } = route;
  return [methods?.join(",") ?? "*", `${host ?? ""}${path}`, auth, source, upstream];
}

function columns(rows: readonly (readonly string[])[]): string {
  const [first = []] = rows;
  const widths = first.map((_cell, index) =>
    Math.max(...rows.map((row) => row[index]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
