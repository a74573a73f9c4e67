import type { Static, TObject, TSchema } from "typebox";
import type { ProblemTable } from "../../base/index.ts";
import type { Capability, Provided } from "./capability.ts";
import type { PluginContext } from "./context.ts";
import type { EventTypeDefinition, LogEvent } from "./event.ts";
import type { JobDefinition } from "./job.ts";
import type { Operation } from "./operation.ts";
import type { Contribution, Point } from "./point.ts";
import type { ScheduleDefinition } from "./schedule.ts";
import type { Migration, Read, TableScope, Tx } from "./store.ts";

/** A permission: what it lets one do, and whether over an organization (the default) or the installation. */
export type PermissionDefinition =
  string | { readonly label: string; readonly scope: "organization" | "instance" };

/**
 * A consumer of the log with a durable cursor: rows and enqueues only. Events come in log order, many at a time; the
 * cursor moves in the same transaction. `handle` is called once for each organization of a batch, with a handle bound
 * to it. A batch that fails is tried event by event; an event that fails five times
 * within a minute is parked with its error and the cursor goes on.
 */
export interface Reaction {
  /** Exact types, or prefixes with `*`. */
  readonly types: readonly string[];
  /** Largest batch; 200 when left out. */
  readonly batch?: number;
  /**
   * Asked on committed rows before the transaction, for the events of one organization: false when none of them can have
   * a consequence here. Then no transaction is opened and only the cursor moves, durably. When in doubt, true.
   */
  concerns?(events: readonly LogEvent[], read: Read, ctx: PluginContext): Promise<boolean>;
  handle(events: readonly LogEvent[], tx: Tx, ctx: PluginContext): Promise<void>;
}

/** What `start` gives back. */
export interface Started {
  readonly provides?: readonly Provided[];
  /** Called in the reverse order of the starts; 25 s for all of them. */
  readonly stop?: () => Promise<void>;
}

/** A pillar, or a stranger's addition: one plain object. */
export interface Plugin<TSettings extends TSchema = TSchema> {
  /** Lower-case word; prefix of its tables, permissions' errors and events by convention. */
  readonly id: string;
  readonly version: string;
  /** Range of kernel majors it works with: `^1`. */
  readonly engine: string;
  /** Ids of plugins whose capabilities or points it cannot do without. They start first. */
  readonly needs?: readonly string[];
  readonly settings?: TSettings;
  readonly permissions?: Readonly<Record<string, PermissionDefinition>>;
  readonly errors?: ProblemTable;
  readonly events?: Readonly<Record<string, EventTypeDefinition>>;
  /** Its tables and whose rows they hold. Names start with the plugin's id and `_`. */
  readonly tables?: Readonly<Record<string, TableScope>>;
  readonly migrations?: readonly Migration[];
  readonly operations?: readonly Operation[];
  /** Words beside its id that ids of its operations may begin with: `organizations` for `organizations.create`. */
  readonly nouns?: readonly string[];
  readonly jobs?: Readonly<Record<string, JobDefinition>>;
  /** What runs its jobs by the clock, once over all processes; in the organization `default`. */
  readonly schedules?: Readonly<Record<string, ScheduleDefinition>>;
  readonly reactions?: Readonly<Record<string, Reaction>>;
  readonly points?: readonly Point<unknown>[];
  readonly contributes?: readonly Contribution[];
  readonly provides?: readonly Capability<unknown>[];
  start?(ctx: PluginContext<Static<TSettings>>): Promise<Started | void>;
}

/** A plugin whatever its settings, as the assembly holds it. */
export type AnyPlugin = Plugin;

/**
 * Declares a plugin. Nothing happens yet: mistakes are found, all at once, when a server is assembled from it.
 *
 * @example
 * export const hello = definePlugin({ id: "hello", version: "1.0.0", engine: "^1", operations: [greet] });
 */
export function definePlugin<TSettings extends TObject>(plugin: Plugin<TSettings>): AnyPlugin {
  // `start` is only ever called with settings that this plugin's own schema accepted.
  return plugin;
}
