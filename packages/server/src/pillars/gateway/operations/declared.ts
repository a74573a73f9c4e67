import type { PluginContext } from "portico/kernel";
import type { TableObject } from "../table/objects.ts";
import { Table } from "../table/index.ts";
import { viewOfConfig, viewOfObject } from "./bodies.ts";

/** An API or upstream as it is answered. */
export type Declared = Readonly<Record<string, unknown>> & { readonly id: string };

/** Every API: those of the configuration, then the rows of the API. */
export function declaredApis(ctx: PluginContext): Promise<readonly Declared[]> {
  return declared(ctx, "api");
}

/** Every named upstream. */
export function declaredUpstreams(ctx: PluginContext): Promise<readonly Declared[]> {
  return declared(ctx, "upstream");
}

async function declared(
  ctx: PluginContext,
  kind: "api" | "upstream",
): Promise<readonly Declared[]> {
  const table = ctx.get(Table);
  // What another process has answered a moment ago is shown here, too.
  await table.follow();
  const { apis, upstreams } = table.config;
  const configured: readonly { readonly id: string }[] = kind === "api" ? apis : upstreams;
  const rows: readonly TableObject[] = [...table.latest.objects.values()];
  return [
    ...configured.map((settings) => ({ ...viewOfConfig(settings), id: settings.id })),
    ...rows.filter((row) => row.kind === kind).map((row) => ({ ...viewOfObject(row), id: row.id })),
  ];
}
