import type { Origin, PluginContext, Report } from "portico/kernel";
import { raise } from "./errors.ts";
import { readDocument } from "./openapi/index.ts";
import { creating, makeChange, Table, updating } from "./table/index.ts";

/** What is imported. */
export interface DocumentImport {
  /** Absolute path of the document, or its address. */
  readonly source: string;
  /** Id of the API that it becomes. */
  readonly api: string;
  /** May be left out where the API is there already. */
  readonly upstream: string | undefined;
  readonly basePath: string | undefined;
  readonly auth: string | undefined;
  /** Told of each of its three steps. */
  readonly report?: Report;
}

/** What became of it. */
export interface Imported {
  readonly api: string;
  readonly title: string;
  readonly routes: number;
  readonly revision: number;
}

/**
 * Makes an API's row of an OpenAPI document, or gives a row another document: its operations are the routes, in force when
 * this settles. Throws `gateway.invalid` with all mistakes of the document and of the table that it would make.
 */
export async function importDocument(
  ctx: PluginContext,
  given: DocumentImport,
  origin: Origin,
): Promise<Imported> {
  const { source, api, upstream, basePath, auth, report } = given;
  report?.({ doing: "reading the document", done: 0, total: 3 });
  const read = await readDocument(source, { outbound: ctx.outbound });
  if (read.document === undefined) {
    const errors = read.mistakes;
    throw raise("gateway.invalid", { params: { count: errors.length }, errors });
  }
  report?.({ doing: `making routes of ${read.document.title}`, done: 1, total: 3 });
  const table = ctx.get(Table);
  const isKnown = table.latest.objects.has(`api ${api}`);
  if (!isKnown && upstream === undefined) {
    throw raise("gateway.importUpstream", { params: { api } });
  }
  const fields = Object.fromEntries(
    Object.entries({ upstream, basePath, auth }).filter(([, value]) => value !== undefined),
  );
  // The document as it has been read: one file, 3.1, with nothing left to be fetched.
  const settings = { ...fields, openapi: read.document.json };
  const now = ctx.clock.now();
  const named = { kind: "api", id: api, now } as const;
  const plan = isKnown
    ? updating({ ...named, ifMatch: undefined }, settings)
    : creating([{ ...named, api: null, settings: { id: api, ...settings } }]);
  await makeChange(ctx, { table, plan, origin }, "import");
  report?.({ doing: "in force", done: 3, total: 3 });
  const { number, compiled } = table.inForce;
  const routes = compiled.routes.filter((route) => route.api.id === api).length;
  return { api, title: read.document.title, routes, revision: number };
}
