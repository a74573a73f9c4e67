import { documentedOf } from "../document-routes.ts";
import { openDocuments } from "../openapi/index.ts";
import type {
  DocumentNamed,
  Documents,
  KnownDocuments,
  OpenedDocument,
  ReadParts,
} from "../openapi/index.ts";
import type { ApiSettings, GatewaySettings } from "../settings.ts";
import type { TableMistake } from "./build.ts";
import type { Snapshot } from "./objects.ts";

/** Reads the documents of one configuration, and those that rows of the API hold. */
export interface TableDocuments extends Documents {
  /** Those of the configuration. */
  readonly known: KnownDocuments;
  /** Opens the documents of rows that were not open yet; tells what is wrong with those that it opened. */
  openRows(snapshot: Snapshot): Promise<readonly TableMistake[]>;
}

/** Documents of rows, by the row's own object: the text of a row never changes. */
type RowDocuments = WeakMap<object, OpenedDocument | null>;

/**
 * The documents of the configuration, with all that is wrong with them. `rows` is shared by all configurations; what
 * `before` has open and what is still the same is taken over.
 */
export async function openTableDocuments(
  { apis }: Pick<GatewaySettings, "apis">,
  parts: ReadParts,
  { rows, before }: { readonly rows: RowDocuments; readonly before: TableDocuments },
): Promise<{ readonly documents: TableDocuments; readonly mistakes: readonly TableMistake[] }> {
  const configured = await openDocuments(documentedOf(apis), parts, before.known);
  const documents: TableDocuments = {
    known: configured.known,
    of: (settings) => heldBy(settings, rows) ?? configured.documents.of(settings),
    openRows: (snapshot) => openRows(snapshot, parts, rows),
  };
  const mistakes = configured.mistakes.map((detail) => ({ detail, object: undefined }));
  return { documents, mistakes };
}

function heldBy({ openapi }: DocumentNamed, rows: RowDocuments): OpenedDocument | undefined {
  return typeof openapi === "object" ? (rows.get(openapi) ?? undefined) : undefined;
}

async function openRows(
  { objects }: Snapshot,
  parts: ReadParts,
  rows: RowDocuments,
): Promise<readonly TableMistake[]> {
  const mistakes: TableMistake[] = [];
  for (const object of objects.values()) {
    const { openapi } = object.settings;
    if (typeof openapi !== "object" || openapi === null) continue;
    if ((rows.get(openapi) ?? null) !== null) continue;
    const place = `${object.kind} '${object.id}'`;
    // Only what a row holds itself: no file, no address, nothing that it refers to elsewhere.
    const named = { openapi: openapi as Exclude<ApiSettings["openapi"], string>, place };
    const opened = await openDocuments([named as DocumentNamed & { place: string }], parts);
    rows.set(openapi, opened.documents.of({ openapi: openapi as Record<string, unknown> }) ?? null);
    mistakes.push(...opened.mistakes.map((detail) => ({ detail, object })));
  }
  return mistakes;
}
