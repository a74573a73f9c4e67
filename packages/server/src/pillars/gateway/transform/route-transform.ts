import type { Modules } from "../load-modules.ts";
import type { MistakeList } from "../mistakes.ts";
import { parseTemplate } from "../template.ts";
import { compileBodyEdits } from "./edit-body.ts";
import type { BodyEdit } from "./edit-body.ts";
import { compileFields } from "./edit-fields.ts";
import type { FieldPlan } from "./edit-fields.ts";
import { asHooks } from "./hooks.ts";
import type { Hooks } from "./hooks.ts";
import type { TransformSettings } from "./settings.ts";

/** One layer of changes: the API's, or the route's. A request passes the API's first, a reply the route's. */
export interface Layer {
  readonly requestHeaders: FieldPlan | undefined;
  readonly requestQuery: FieldPlan | undefined;
  readonly requestBody: readonly BodyEdit[];
  readonly replyHeaders: FieldPlan | undefined;
  readonly replyBody: readonly BodyEdit[];
  readonly hooks: { readonly module: string; readonly code: Hooks } | undefined;
}

/** What a route changes, as compiled. */
export interface RouteTransform {
  readonly layers: readonly Layer[];
  readonly changesRequest: boolean;
  readonly readsRequest: boolean;
  readonly changesReply: boolean;
  readonly readsReply: boolean;
  readonly notJson: "pass" | "refuse";
  readonly bytesMax: number;
}

/** What an API or a route says of transforms. */
export interface TransformedSettings {
  readonly transform?: TransformSettings;
  readonly hooks?: unknown;
}

/** Where transforms are compiled. */
export interface TransformPlace {
  /** Named in mistakes. */
  readonly id: string;
  readonly template: string;
  readonly modules: Modules;
  readonly mistakes: MistakeList;
}

/** Paths of modules that hooks name. */
export function hookPaths(settings: TransformedSettings): readonly string[] {
  return typeof settings.hooks === "string" ? [settings.hooks] : [];
}

/** Compiles the layers of a route, the API's first; undefined when there is nothing to do. */
export function compileTransform(
  settings: readonly TransformedSettings[],
  place: TransformPlace,
): RouteTransform | undefined {
  const layers = settings
    .filter(({ transform, hooks }) => transform !== undefined || hooks !== undefined)
    .map((each) => layerOf(each, place));
  if (layers.length === 0) return undefined;
  const transforms = settings.map(({ transform }) => transform);
  const sizes = transforms.flatMap((each) => each?.bodyBytesMax ?? []);
  return {
    layers,
    changesRequest: layers.some(
      ({ requestHeaders, requestQuery, requestBody, replyHeaders, hooks }) =>
        requestHeaders !== undefined ||
        requestQuery !== undefined ||
        requestBody.length > 0 ||
        // What a reply will be told of the request is checked before the application acts.
        replyHeaders !== undefined ||
        hooks?.code.onRequest !== undefined,
    ),
    readsRequest: layers.some(
      ({ requestBody, hooks }) =>
        requestBody.length > 0 || hooks?.code.reads?.includes("request") === true,
    ),
    changesReply: layers.some(
      ({ replyHeaders, replyBody, hooks }) =>
        replyHeaders !== undefined || replyBody.length > 0 || hooks?.code.onResponse !== undefined,
    ),
    readsReply: layers.some(
      ({ replyBody, hooks }) =>
        replyBody.length > 0 || hooks?.code.reads?.includes("response") === true,
    ),
    notJson: transforms.some((each) => each?.notJson === "refuse") ? "refuse" : "pass",
    bytesMax: sizes.length === 0 ? 1_048_576 : Math.max(...sizes),
  };
}

function layerOf({ transform = {}, hooks }: TransformedSettings, place: TransformPlace): Layer {
  const { request = {}, response = {} } = transform;
  const mistakes: string[] = [];
  const params = namesIn(place.template);
  const up = { params, isReply: false };
  const down = { params, isReply: true };
  const header = { isHeader: true };
  const layer: Layer = {
    requestHeaders:
      request.headers && compileFields(request.headers, { ...up, ...header }, mistakes),
    requestQuery:
      request.query && compileFields(request.query, { ...up, isHeader: false }, mistakes),
    requestBody: compileBodyEdits(request.body ?? {}, up, mistakes),
    replyHeaders:
      response.headers && compileFields(response.headers, { ...down, ...header }, mistakes),
    replyBody: compileBodyEdits(response.body ?? {}, down, mistakes),
    hooks: hooksOf(hooks, place, mistakes),
  };
  place.mistakes.push(...mistakes.map((each) => `the transform of route '${place.id}': ${each}`));
  return layer;
}

function namesIn(template: string): ReadonlySet<string> {
  const read = parseTemplate(template);
  if (typeof read === "string") return new Set();
  return new Set(read.segments.flatMap(({ parameters }) => parameters.map(({ name }) => name)));
}

function hooksOf(given: unknown, { modules }: TransformPlace, mistakes: string[]): Layer["hooks"] {
  if (given === undefined) return undefined;
  const module = typeof given === "string" ? given : "inline";
  const loaded = typeof given === "string" ? modules.get(given) : { value: given };
  const code =
    loaded === undefined
      ? "modules are only loaded for the configuration, at the start"
      : "fault" in loaded
        ? loaded.fault
        : asHooks(loaded.value);
  if (typeof code !== "string") return { module, code };
  mistakes.push(`its hooks (${module}): ${code}`);
  return undefined;
}
