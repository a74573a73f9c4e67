import type { ChangeFeed, Logger, Store } from "portico/kernel";
import { forgetChanged } from "../cache/index.ts";
import type { Compiled } from "../compile.ts";
import { raise } from "../errors.ts";
import type { Modules } from "../load-modules.ts";
import type { Documents, ReadParts } from "../openapi/index.ts";
import type { Router } from "../router.ts";
import type { GatewaySettings } from "../settings.ts";
import { build } from "./build.ts";
import type { BuildParts, Built, TableMistake } from "./build.ts";
import { advance, EMPTY, keyOf, readNumber, readSnapshot } from "./objects.ts";
import type { Snapshot, TableObject } from "./objects.ts";
import { atOnce, inPieces } from "./pieces.ts";
import type { Pieces } from "./pieces.ts";
import { openTableDocuments } from "./documents.ts";
import type { TableDocuments } from "./documents.ts";
import { compareConfigs } from "./compare.ts";
import type { ConfigChanges } from "./compare.ts";
import { takeOver } from "./take-over.ts";
import type { United } from "./unite.ts";
import { modulePaths } from "../module-paths.ts";

/** Told to every process when a revision was activated. */
export const TABLE_CHANGED = "gateway.table";
const POLL_MS = 1_000;
const ROUNDS_MAX = 8;

/** What the table lives in. */
export interface TableOptions extends BuildParts {
  readonly store: Pick<Store, "read">;
  readonly changes: Pick<ChangeFeed, "watch">;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
  readonly config: GatewaySettings;
  /** Loads the modules that a configuration names, each once. */
  readonly loadModules: (paths: readonly string[]) => Promise<Modules>;
  /** With what documents are read. */
  readonly reading: ReadParts;
}

/** The table that calls are routed by, with what it was built of. */
export interface InForce {
  /** Its revision: the number of the API's rows in it. */
  readonly number: number;
  readonly united: United;
  readonly compiled: Compiled;
}

/** What became of a new configuration. */
export type Reloaded =
  | { readonly changed: ConfigChanges; readonly mistakes?: undefined }
  | { readonly mistakes: readonly string[]; readonly changed?: undefined };

/**
 * The table of routes of one process: built aside and in pieces, put in force by one assignment. It follows the
 * revisions that any process activates; a revision or configuration with mistakes leaves the old table in force.
 */
export class RouteTable {
  readonly #options: TableOptions;
  #config: GatewaySettings;
  #modules: Modules = new Map();
  #documents: TableDocuments = NO_DOCUMENTS;
  readonly #rowDocuments = new WeakMap();
  /** The newest rows, in force or not. */
  #latest: Snapshot = EMPTY;
  /** Rows that contradict the configuration since it was changed, with what is wrong, by key and revision. */
  #aside = new Map<string, string>();
  #failure: readonly string[] = [];
  #inForce: InForce | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #stops: (() => void)[] = [];
  #isStopped = false;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** What calls are routed by. */
  get router(): Router {
    return this.inForce.compiled.router;
  }

  get inForce(): InForce {
    if (this.#inForce === undefined) throw raise("gateway.notStarted");
    return this.#inForce;
  }

  /** The documents that the configuration and the rows name. */
  get documents(): Documents {
    return this.#documents;
  }

  get config(): GatewaySettings {
    return this.#config;
  }

  /** The newest rows; a row may be newer than the table in force when it could not be activated here. */
  get latest(): Snapshot {
    return this.#latest;
  }

  /** Why the newest revision is not in force here; empty when it is. */
  get failure(): readonly string[] {
    return [...this.#failure, ...this.#aside.values()];
  }

  /** What keeps a row out of the table. */
  problemOf(object: TableObject): string | undefined {
    return this.#aside.get(asideKey(object));
  }

  /** Puts the first table in force. Throws `gateway.badConfig` for mistakes of the configuration itself. */
  async start(): Promise<void> {
    const { store, changes, clock } = this.#options;
    const read = store.read("instance");
    this.#latest = await readSnapshot(read, await readNumber(read));
    const unread = await this.#load(this.#config);
    if (unread.length > 0) throw badConfig(unread);
    await this.#startWith();
    this.#stops.push(changes.watch(TABLE_CHANGED, () => void this.follow()));
    const poll = (): void => {
      if (this.#isStopped) return;
      this.#stops[1] = clock.after(POLL_MS, () => void this.follow().finally(poll));
    };
    poll();
  }

  /** Settles when this process has the newest revision in force, or has said in its log why it cannot. */
  follow(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isStopped) return;
      try {
        await this.#followOnce();
      } catch (error) {
        this.#options.logger.warn({ err: error }, "the gateway's revision could not be read");
      }
    });
  }

  /** Puts another configuration in force, or tells all of its mistakes and leaves the old one. */
  reload(given: GatewaySettings): Promise<Reloaded> {
    return this.#inTurn(async () => {
      const { clock } = this.#options;
      const config = await inPieces(takeOver(this.#config, given), clock);
      // Rows that stood against the old configuration may be in order with the new one.
      const [aside, modules, documents] = [this.#aside, this.#modules, this.#documents];
      const unread = await this.#load(config);
      this.#aside = new Map();
      let tried = await this.#tryInForce(config, this.#latest, unread);
      if (tried.length > 0) {
        this.#aside = aside;
        tried = await this.#tryInForce(config, this.#latest, unread);
      }
      if (tried.length > 0) {
        [this.#modules, this.#documents] = [modules, documents];
        return { mistakes: tried.map(({ detail }) => detail) };
      }
      const changed = compareConfigs(this.#config, config);
      this.#config = config;
      this.#options.logger.info({ ...changed }, "the gateway's configuration was reloaded");
      return { changed };
    });
  }

  /** Everything that would keep these rows from being activated. The table in force is untouched. */
  async check(snapshot: Snapshot): Promise<readonly TableMistake[]> {
    const { clock } = this.#options;
    const unread = await this.#documents.openRows(snapshot);
    return [...unread, ...mistakesOf(await inPieces(this.#built(this.#config, snapshot), clock))];
  }

  /** The same without a pause, for a transaction that was overtaken. */
  checkAtOnce(snapshot: Snapshot): readonly TableMistake[] {
    return mistakesOf(atOnce(this.#built(this.#config, snapshot)));
  }

  stop(): void {
    this.#isStopped = true;
    for (const stop of this.#stops) stop();
    this.#inForce?.compiled.release();
  }

  /** Only the configuration may name code and files: what a call of the API names is never loaded. */
  async #load(config: GatewaySettings): Promise<readonly TableMistake[]> {
    const { loadModules, reading } = this.#options;
    this.#modules = await loadModules(modulePaths(config));
    const opened = await openTableDocuments(config, reading, {
      rows: this.#rowDocuments,
      before: this.#documents,
    });
    this.#documents = opened.documents;
    return opened.mistakes;
  }

  #inTurn<TValue>(run: () => Promise<TValue>): Promise<TValue> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #followOnce(): Promise<void> {
    const read = this.#options.store.read("instance");
    const number = await readNumber(read);
    if (number === this.#latest.number) return;
    const latest = await advance(read, this.#latest, number);
    this.#latest = latest;
    if (this.#aside.size > 0) {
      const kept = new Set([...latest.objects.values()].map(asideKey));
      for (const key of this.#aside.keys()) if (!kept.has(key)) this.#aside.delete(key);
    }
    const mistakes = await this.#tryInForce(this.#config, latest);
    this.#failure = mistakes.map(({ detail }) => detail);
    if (mistakes.length === 0) return;
    this.#options.logger.error(
      { number, mistakes: this.#failure },
      "a revision of the gateway cannot be activated here; the one before stays in force",
    );
  }

  /** `unread` are mistakes that are known already: with any, nothing is put in force. */
  async #tryInForce(
    config: GatewaySettings,
    latest: Snapshot,
    unread: readonly TableMistake[] = [],
  ): Promise<readonly TableMistake[]> {
    const wrong = [...unread, ...(await this.#documents.openRows(latest))];
    const built = await inPieces(this.#built(config, latest), this.#options.clock);
    if (built.compiled === undefined || wrong.length > 0) return [...wrong, ...mistakesOf(built)];
    const before = this.#inForce;
    this.#inForce = { number: latest.number, united: built.united, compiled: built.compiled };
    if (before !== undefined) {
      const { parts, clock } = this.#options;
      forgetChanged(parts.cache.store, built.compiled.changed, clock.monotonic());
    }
    // Only now: what the new table uses as well stays open.
    before?.compiled.release();
    return [];
  }

  #built(config: GatewaySettings, snapshot: Snapshot): Pieces<Built> {
    return build(this.#options, {
      config,
      snapshot: this.#without(snapshot),
      modules: this.#modules,
      documents: this.#documents,
      before: this.#inForce?.compiled,
    });
  }

  /** The rows but for those that are set aside, until they are changed. */
  #without(snapshot: Snapshot): Snapshot {
    if (this.#aside.size === 0) return snapshot;
    const objects = [...snapshot.objects].filter(([, each]) => !this.#aside.has(asideKey(each)));
    return { number: snapshot.number, objects: new Map(objects) };
  }

  /**
   * The configuration may have been changed while no server ran, so that rows stand against it. They are set aside and
   * shown rather than keep the server, and with it the only way to correct them, from starting.
   */
  async #startWith(): Promise<void> {
    const own = await this.#tryInForce(this.#config, { ...EMPTY, number: this.#latest.number });
    if (own.length > 0) throw badConfig(own);
    for (let round = 0; this.#latest.objects.size > 0; round += 1) {
      const mistakes = await this.#tryInForce(this.#config, this.#latest);
      if (mistakes.length === 0) break;
      this.#setAside(mistakes, round === ROUNDS_MAX);
    }
    if (this.#aside.size === 0) return;
    const problems = [...this.#aside.values()];
    this.#options.logger.error({ problems }, "rows of the gateway's API are not in force");
  }

  #setAside(mistakes: readonly TableMistake[], isLast: boolean): void {
    const before = this.#aside.size;
    for (const { object, detail } of mistakes) {
      if (object !== undefined) this.#aside.set(asideKey(object), detail);
    }
    if (this.#aside.size > before && !isLast) return;
    // What stands against what cannot be told any more: the configuration alone is known to be in order.
    const [{ detail } = { detail: "" }] = mistakes;
    for (const object of this.#latest.objects.values()) this.#aside.set(asideKey(object), detail);
  }
}

/** What a table that is not put in force has to say; its upstreams are let go. */
function mistakesOf(built: Built): readonly TableMistake[] {
  built.compiled?.release();
  return built.mistakes ?? [];
}

const NO_DOCUMENTS: TableDocuments = {
  known: new Map(),
  of: () => undefined,
  openRows: () => Promise.resolve([]),
};

function asideKey(object: TableObject): string {
  return `${keyOf(object)} ${object.revision}`;
}

function badConfig(mistakes: readonly TableMistake[]): Error {
  const details = mistakes.map(({ detail }) => detail);
  return raise("gateway.badConfig", {
    params: { count: details.length, mistakes: details.join("; ") },
    errors: details.map((detail) => ({ pointer: "/gateway/apis", detail })),
  });
}
