import type { Clock } from "portico/kernel";
import { compile } from "../compile.ts";
import type { Before, Compiled } from "../compile.ts";
import type { GatewaySettings } from "../settings.ts";
import type { StepParts } from "../steps.ts";
import type { Modules } from "../load-modules.ts";
import type { Documents } from "../openapi/index.ts";
import type { VersionCallers } from "../versions/callers.ts";
import type { Upstreams } from "../upstream/index.ts";
import { Mistakes } from "../mistakes.ts";
import type { Snapshot, TableObject } from "./objects.ts";
import type { OwnPathIndex } from "./own-paths.ts";
import type { Pieces } from "./pieces.ts";
import { unite } from "./unite.ts";
import type { United } from "./unite.ts";

/** What every table of one server is built with. */
export interface BuildParts {
  readonly clock: Clock;
  readonly ownPaths: OwnPathIndex;
  readonly ownHost: string | undefined;
  readonly parts: StepParts;
  readonly upstreams: Upstreams;
  readonly callers: Pick<VersionCallers, "open">;
}

/** What one table is built of. */
export interface BuildInput {
  readonly config: GatewaySettings;
  readonly snapshot: Snapshot;
  readonly modules: Modules;
  readonly documents: Documents;
  /** The table in force: what has not changed is taken over. */
  readonly before: Before | undefined;
}

/** One thing that keeps a table from being activated. */
export interface TableMistake {
  /** Names the API and the route. */
  readonly detail: string;
  /** The row it is about; undefined for what the configuration says. */
  readonly object: TableObject | undefined;
}

/** A table that may be put in force, or everything that keeps it from it. */
export type Built =
  | { readonly united: United; readonly compiled: Compiled; readonly mistakes?: undefined }
  | { readonly mistakes: readonly TableMistake[]; readonly compiled?: undefined };

/** Builds the table of a configuration and the rows of the API, in pieces. */
export function* build(parts: BuildParts, input: BuildInput): Pieces<Built> {
  const { config, snapshot, modules, documents, before } = input;
  const mistakes = new Mistakes();
  const united = yield* unite(config, snapshot, mistakes);
  const compiled = yield* compile(united, { ...parts, modules, documents, before, mistakes });
  if (compiled !== undefined) return { united, compiled };
  const located = mistakes.list.map(({ detail, at }) => ({
    detail,
    object: at === undefined ? undefined : united.origins.get(at)?.object,
  }));
  return { mistakes: located };
}
