import type { Page, PageReply, PageRequest, PluginContext } from "portico/kernel";
import { keep, replyWith, type Kept } from "./compressed.ts";
import { frontedDocument, ownDocument } from "./documents.ts";
import { downgrade } from "./downgrade/index.ts";
import { raise } from "./errors.ts";

type Document = Readonly<Record<string, unknown>>;
type Form = (document: Document) => Document;

/** Readable from any origin: it holds nothing of anybody. */
const HEADERS = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-cache",
  "access-control-allow-origin": "*",
};

const asIs: Form = (document) => document;

/** What was made of a document, for as long as the document is in force. */
const made = new Map<Form, WeakMap<Document, Promise<Kept>>>([
  [asIs, new WeakMap()],
  [downgrade, new WeakMap()],
]);

function textOf(document: Document, form: Form): Promise<Kept> {
  const known = made.get(form);
  const found = known?.get(document);
  if (found !== undefined) return found;
  const kept = keep(JSON.stringify(form(document)));
  known?.set(document, kept);
  return kept;
}

async function answer(document: Document, form: Form, request: PageRequest): Promise<PageReply> {
  return await replyWith(await textOf(document, form), request, HEADERS);
}

function pages(prefix: string, form: Form): readonly Page[] {
  const fronted = async (request: PageRequest, ctx: PluginContext): Promise<PageReply> => {
    const { api = "", version } = request.path;
    const document = await frontedDocument(ctx, { api, version });
    if (document !== undefined) return await answer(document, form, request);
    throw raise("docs.noDocument", { params: { api, version: version ?? "current" } });
  };
  return [
    {
      path: `${prefix}.json`,
      serve: (request, ctx) => answer(ownDocument(ctx), form, request),
    },
    { path: `${prefix}/{api}.json`, serve: fronted },
    { path: `${prefix}/{api}/{version}.json`, serve: fronted },
  ];
}

/**
 * `/openapi.json`, `/openapi/{api}.json`, `/openapi/{api}/{version}.json`: OpenAPI 3.1 of Portico and of what it fronts;
 * the same below `/openapi-3.0` as OpenAPI 3.0.3.
 */
export const openapiPages: readonly Page[] = [
  ...pages("/openapi", asIs),
  ...pages("/openapi-3.0", downgrade),
];
