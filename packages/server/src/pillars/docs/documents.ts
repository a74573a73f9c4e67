import { ApiDocuments, Registry, type DescribedApi, type PluginContext } from "portico/kernel";

/** One API that readers may choose: Portico's own, or one that is fronted. */
export interface OfferedApi {
  /** Unique, and in the address of a reader's page; no API's id holds a dot. */
  readonly slug: string;
  readonly title: string;
  /** Below the base path: `/openapi.json`, `/openapi/shop/2024-05-01.json`. */
  readonly path: string;
}

type Document = Readonly<Record<string, unknown>>;

/** Every API with a document: Portico's own first, then what is fronted. */
export function offeredApis(ctx: PluginContext): readonly OfferedApi[] {
  const fronted = ctx.contributions(ApiDocuments).flatMap(({ value }) => value.list());
  return [
    { slug: "portico.api", title: "Portico", path: "/openapi.json" },
    ...fronted.map((one) => ({
      slug: one.version === null ? one.api : `${one.api}.${one.version}`,
      title: titleOf(one),
      path: pathOf(one),
    })),
  ];
}

function titleOf({ title, version, isCurrent }: DescribedApi): string {
  if (version === null) return title;
  return `${title} ${version}${isCurrent ? " (current)" : ""}`;
}

function pathOf({ api, version }: DescribedApi): string {
  const parts = version === null ? [api] : [api, version];
  return `/openapi/${parts.map(encodeURIComponent).join("/")}.json`;
}

/** Portico's own document. */
export function ownDocument(ctx: PluginContext): Document {
  return ctx.get(Registry).openapi();
}

/** The document of a fronted API, in its current version when none is named; undefined when there is none. */
export async function frontedDocument(
  ctx: PluginContext,
  { api, version }: { readonly api: string; readonly version: string | undefined },
): Promise<Document | undefined> {
  const serverUrl = ctx.server.publicUrl();
  for (const { value } of ctx.contributions(ApiDocuments)) {
    const found = await value.document({ api, version, serverUrl });
    if (found !== undefined) return found;
  }
  return undefined;
}
