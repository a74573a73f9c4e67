import type { Pin } from "../config/index.ts";
import { kernelSchema } from "../config/index.ts";
import type {
  AnyPlugin,
  ChangeFeed,
  Logger,
  Secrets,
  SettingsChanged,
  SettingsFace,
  SettingsPatch,
  SettingView,
  Tx,
} from "../contract/index.ts";
import type { StoreHub } from "../store/index.ts";
import { planChange, wantedOf } from "./change.ts";
import type { Changing } from "./change.ts";
import { raiseSettings } from "./errors.ts";
import {
  isReloadable,
  isSame,
  overlay,
  pluginSettings,
  usableValues,
  valueOfLeaf,
} from "./in-force.ts";
import type { PluginSettings, SettingsSources, StoredValues } from "./in-force.ts";
import { readPatch } from "./patch.ts";
import type { ReadPatch } from "./patch.ts";
import { readStored, writeStored } from "./stored.ts";
import type { StoredState } from "./stored.ts";
import { kernelViews, viewOf } from "./view.ts";

/** The kind under which changed settings are told to all processes. */
const SETTINGS_CHANGED = "settings.stored";

/** What the settings of a server are made of. */
export interface SettingsOptions {
  readonly hub: StoreHub;
  readonly changes: ChangeFeed;
  readonly secrets: Secrets;
  readonly logger: Pick<Logger, "warn">;
  readonly plugins: readonly AnyPlugin[];
  /** Settings by plugin id, validated, with defaults. */
  readonly given: Readonly<Record<string, unknown>>;
  /** What of the configuration is no default, by dotted path. */
  readonly pinned: Readonly<Record<string, Pin>>;
  /** True to act as if nothing were stored; false when left out. */
  readonly isIgnored?: boolean;
  /** The kernel's own sections, to be shown. */
  readonly kernel: Readonly<Record<string, unknown>>;
}

/** The settings of one process: what plugins read, and the face for administrators. */
export interface RunningSettings {
  /** A plugin's settings in force now: the same object until one of them changes. */
  of(plugin: string): unknown;
  readonly face: SettingsFace;
}

/**
 * Lays what administrators have stored between the defaults and the configuration file, and follows it. A setting
 * with `reload: true` is in force as soon as it is known; others keep the value of the start.
 */
export async function createSettings(options: SettingsOptions): Promise<RunningSettings> {
  const running = new StoredSettings(options);
  await running.start();
  return running;
}

class StoredSettings implements RunningSettings {
  readonly face: SettingsFace;
  readonly #options: SettingsOptions;
  readonly #all: readonly PluginSettings[];
  readonly #inForce = new Map<
    string,
    { readonly values: StoredValues; readonly settings: unknown }
  >();
  /** Usable values at the start: what settings without `reload` go by. */
  #atStart: StoredValues = new Map();
  #stored: StoredState = { revision: 0, rows: new Map(), undo: undefined };
  #usable: StoredValues = new Map();

  constructor(options: SettingsOptions) {
    this.#options = options;
    this.#all = pluginSettings(options.plugins);
    this.face = {
      list: () => this.#list(),
      change: (tx, patch) => this.#write(tx, () => this.#read(patch)),
      undo: (tx) => this.#undo(tx),
      refresh: () => this.#refresh(),
    };
  }

  async start(): Promise<void> {
    const { changes, logger } = this.#options;
    await this.#load();
    this.#atStart = this.#usable;
    this.#apply();
    changes.watch(SETTINGS_CHANGED, () => {
      this.#refresh().catch((error: unknown) => {
        logger.warn({ err: error }, "changed settings could not be read; the old ones stay");
      });
    });
  }

  of(plugin: string): unknown {
    return this.#inForce.get(plugin)?.settings ?? this.#options.given[plugin] ?? {};
  }

  async #refresh(): Promise<void> {
    await this.#load();
    this.#apply();
  }

  async #load(): Promise<void> {
    const { driver } = this.#options.hub;
    const stored = await readStored((statement) => driver.query(statement));
    // Two reads may end in the other order than they began.
    if (stored.revision < this.#stored.revision) return;
    this.#stored = stored;
    this.#usable = usableValues(this.#sources(), this.#all, stored.rows);
  }

  #sources(): SettingsSources {
    const { plugins, given, pinned, secrets, logger, isIgnored = false } = this.#options;
    return { plugins, given, pinned, secrets, logger, isIgnored };
  }

  #apply(): void {
    for (const { plugin, leaves } of this.#all) {
      const values = new Map<string, unknown>();
      for (const leaf of leaves) {
        const path = leaf.path.join(".");
        const from = isReloadable(leaf) ? this.#usable : this.#atStart;
        if (from.has(path)) values.set(path, from.get(path));
      }
      const before = this.#inForce.get(plugin.id);
      if (before !== undefined && isSame(leaves, before.values, values)) continue;
      const settings = overlay(this.#options.given[plugin.id], leaves, values);
      this.#inForce.set(plugin.id, { values, settings });
    }
  }

  async #list(): ReturnType<SettingsFace["list"]> {
    await this.#refresh();
    const { revision, undo } = this.#stored;
    const { kernel, pinned } = this.#options;
    const own = this.#all.flatMap((each) => this.#viewsOf(each));
    const settings = [...kernelViews(kernel, pinned), ...own];
    return { revision, settings, undoable: undo !== undefined };
  }

  #viewsOf({ plugin, leaves }: PluginSettings): readonly SettingView[] {
    const inForce = this.#inForce.get(plugin.id);
    return leaves.map((leaf) => {
      const path = leaf.path.join(".");
      const only = [leaf];
      return viewOf({
        leaf,
        plugin: plugin.id,
        value: valueOfLeaf(this.of(plugin.id), leaf),
        pin: this.#options.pinned[path],
        isStored: this.#usable.has(path),
        isPending: inForce !== undefined && !isSame(only, inForce.values, this.#usable),
      });
    });
  }

  #read(patch: SettingsPatch): ReadPatch {
    return readPatch(patch, this.#all, Object.keys(kernelSchema.properties));
  }

  #undo(tx: Tx): Promise<SettingsChanged> {
    return this.#write(tx, (changing, { undo }) => {
      if (undo === undefined) throw raiseSettings("settings.nothingToUndo");
      return { wanted: wantedOf(changing, undo), mistakes: [], isUndo: true };
    });
  }

  async #write(
    tx: Tx,
    wants: (changing: Changing, stored: StoredState) => ReadPatch & { readonly isUndo?: boolean },
  ): Promise<SettingsChanged> {
    const { hub } = this.#options;
    const { execute } = hub.beside(tx);
    const { dialect } = hub.driver;
    const stored = await readStored(execute, { lock: dialect });
    const { revision: previous } = stored;
    const changing = { sources: this.#sources(), all: this.#all, rows: stored.rows };
    const { wanted, mistakes, isUndo = false } = wants(changing, stored);
    const { rows, undo, changes } = planChange(changing, wanted, mistakes);
    if (changes.length === 0 && !isUndo) return { revision: previous, previous, changes };
    const revision = previous + 1;
    await writeStored(execute, dialect, { rows, revision, undo: isUndo ? undefined : undo });
    tx.changed(SETTINGS_CHANGED, String(revision));
    return { revision, previous, changes };
  }
}
