import type { ApiDocuments } from "portico/kernel";
import { planOf } from "./document-routes.ts";
import { publicDocument } from "./openapi/index.ts";
import type { JsonObject, OpenedDocument } from "./openapi/index.ts";
import type { ApiSettings } from "./settings.ts";
import type { RouteTable } from "./table/index.ts";

/** One API or version that has a document, as it is in force. */
interface Described {
  readonly settings: ApiSettings;
  readonly opened: OpenedDocument;
  readonly version: string | null;
  readonly isCurrent: boolean;
}

/** What was made of a document lately; readers keep what they make of it by its identity. */
const shown = new WeakMap<OpenedDocument, Map<string, JsonObject>>();
const SHOWN_MAX = 8;

/**
 * The documents of fronted APIs as their callers see them. A version shows its own document; the API's stands for the current
 * version where that has none, and for no other: it says what calls look like now.
 */
export function apiDocuments(table: () => RouteTable | undefined): ApiDocuments {
  const all = (): readonly Described[] => {
    const running = table();
    return running === undefined ? [] : describedBy(running);
  };
  return {
    list: () =>
      all().map(({ settings, opened, version, isCurrent }) => ({
        api: settings.id,
        title: opened.document.title || settings.id,
        version,
        isCurrent,
      })),
    document: ({ api, version, serverUrl }) => {
      const running = table();
      const found = all().find(
        (each) =>
          each.settings.id === api &&
          (version === undefined ? each.isCurrent : each.version === version),
      );
      if (running === undefined || found === undefined) return undefined;
      return documentOf(running, found, serverUrl);
    },
  };
}

function describedBy({ inForce, documents }: RouteTable): readonly Described[] {
  return inForce.united.apis.flatMap((settings): readonly Described[] => {
    const { versions, currentVersion = versions?.at(-1)?.id } = settings;
    const of = (own: ApiSettings, version: string | null): readonly Described[] => {
      const opened = documents.of(own);
      const isCurrent = version === null || version === currentVersion;
      return opened === undefined ? [] : [{ settings: own, opened, version, isCurrent }];
    };
    if (versions === undefined) return of(settings, null);
    return versions.flatMap(({ id, openapi, routes }) => {
      if (openapi === undefined && id !== currentVersion) return [];
      const own = {
        ...settings,
        ...(openapi === undefined ? {} : { openapi }),
        ...(routes === undefined ? {} : { routes }),
      };
      return of(own, id);
    });
  });
}

function documentOf(
  { inForce, documents }: RouteTable,
  { settings, opened, version }: Described,
  serverUrl: string,
): JsonObject {
  const { basePath, id } = settings;
  const api = inForce.united.apis.find((each) => each.id === id);
  const first = api === undefined ? undefined : documents.of(api)?.document.basePath;
  const url = addressOf(settings, { serverUrl, basePath: basePath ?? first ?? "/", version });
  const plan = planOf(settings, documents);
  const auth = plan.routes.flatMap(({ route, operation }) =>
    operation === undefined ? [] : [[operation.pointer, route.auth ?? "none"] as const],
  );
  const known = shown.get(opened) ?? new Map<string, JsonObject>();
  shown.set(opened, known);
  const key = JSON.stringify([url, version, auth]);
  const kept = known.get(key);
  if (kept !== undefined) return kept;
  const made = publicDocument(opened.document, {
    serverUrl: url,
    auth: new Map(auth),
    ...(version === null ? {} : { version }),
  });
  if (known.size >= SHOWN_MAX) known.clear();
  known.set(key, made);
  return made;
}

interface Place {
  readonly serverUrl: string;
  readonly basePath: string;
  readonly version: string | null;
}

function addressOf({ host, versionFrom }: ApiSettings, place: Place): string {
  const { serverUrl, basePath, version } = place;
  const origin = host === undefined ? serverUrl : `${new URL(serverUrl).protocol}//${host}`;
  const base = `${origin}${basePath.replace(/\/$/, "")}`;
  const path = versionFrom?.path ?? true;
  // Named in a header, or by whoever's key is pinned: the path is the same for all.
  if (version === null || path === false) return base;
  return `${base}${(path === true ? "/{version}" : path).replace("{version}", version)}`;
}
