import type { CliVerb } from "portico/kernel";
import { Gateway } from "./capability.ts";
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

/** The gateway's commands. */
export const routeVerbs: readonly CliVerb[] = [listVerb, ownVerb];

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
