import type { Caller, PluginContext } from "portico/kernel";
import { statement } from "portico/kernel";
import type { VersionCallerTables } from "./tables.ts";

const FLUSH_MS = 5_000;
const BATCH = 200;
/** Callers that one counter tells apart between two writings; the others are one row. */
const CALLERS_MAX = 10_000;
const KEPT_MS = 400 * 86_400_000;
const SWEEP_MS = 86_400_000;

/** Stands for callers beyond what a counter tells apart. */
const OTHERS = "(others)";
/** Stands for the version where an API has none, but an outdated route. */
export const UNVERSIONED = "unversioned";

interface Count {
  readonly kind: string;
  calls: number;
  firstMs: number;
  lastMs: number;
}

/** What is counted. */
export interface Counted {
  readonly api: string;
  readonly version: string;
  /** The route, where it is outdated by itself; else empty. */
  readonly route: string;
}

/** Counts the calls of one version, or of one outdated route in it, by caller. */
export class VersionCounter {
  readonly counted: Counted;
  readonly #changed: (counter: VersionCounter) => void;
  #counts = new Map<string, Map<string, Count>>();
  #size = 0;

  constructor(counted: Counted, changed: (counter: VersionCounter) => void) {
    this.counted = counted;
    this.#changed = changed;
  }

  /** Two look-ups and an addition; nothing is made for a caller who is known. */
  note(caller: Caller, atMs: number): void {
    const count =
      this.#counts.get(caller.organization)?.get(caller.subject) ?? this.#begin(caller, atMs);
    count.calls += 1;
    // A clock set back makes no call older than one before it.
    if (atMs > count.lastMs) count.lastMs = atMs;
  }

  #begin({ organization, subject, kind }: Caller, atMs: number): Count {
    if (this.#size === 0) this.#changed(this);
    const isFull = this.#size >= CALLERS_MAX;
    const place = isFull ? "" : organization;
    const name = isFull ? OTHERS : subject;
    const bySubject = this.#counts.get(place) ?? new Map<string, Count>();
    this.#counts.set(place, bySubject);
    let count = bySubject.get(name);
    if (count === undefined) {
      count = { kind: isFull ? "other" : kind, calls: 0, firstMs: atMs, lastMs: atMs };
      bySubject.set(name, count);
      this.#size += 1;
    }
    return count;
  }

  /** Takes out what was counted. */
  drain(): readonly CallerRow[] {
    const counts = this.#counts;
    this.#counts = new Map();
    this.#size = 0;
    return [...counts].flatMap(([organization, bySubject]) =>
      [...bySubject].map(([subject, { kind, calls, firstMs, lastMs }]) => ({
        ...this.counted,
        organization,
        subject,
        kind,
        calls,
        first: Math.floor(firstMs),
        last: Math.floor(lastMs),
      })),
    );
  }
}

// An alias, not an interface: parameters of a statement need an index signature.
type CallerRow = {
  readonly api: string;
  readonly version: string;
  readonly route: string;
  readonly organization: string;
  readonly subject: string;
  readonly kind: string;
  readonly calls: number;
  readonly first: number;
  readonly last: number;
};

const addCalls = statement<CallerRow, VersionCallerTables>("gateway.addCalls", (db, param) =>
  db
    .insertInto("gateway_version_callers")
    .values({
      api: param("api"),
      version: param("version"),
      organization: param("organization"),
      subject: param("subject"),
      route: param("route"),
      kind: param("kind"),
      calls: param("calls"),
      first_at: param("first"),
      last_at: param("last"),
    })
    .onConflict((conflict) =>
      conflict
        .columns(["api", "version", "organization", "subject", "route"])
        .doUpdateSet((row) => ({
          calls: row("gateway_version_callers.calls", "+", row.ref("excluded.calls")),
          last_at: row
            .case()
            .when("excluded.last_at", ">", row.ref("gateway_version_callers.last_at"))
            .then(row.ref("excluded.last_at"))
            .else(row.ref("gateway_version_callers.last_at"))
            .end(),
        })),
    ),
);

const forgetOld = statement<{ before: number }, VersionCallerTables>(
  "gateway.forgetCallers",
  (db, param) => db.deleteFrom("gateway_version_callers").where("last_at", "<", param("before")),
);

/**
 * Knows who still calls a version, written behind the calls in batches: outside the promise of the store, a crash loses the
 * last seconds of it. What was not called for 400 days is forgotten.
 */
export class VersionCallers {
  readonly #ctx: Pick<PluginContext, "clock" | "logger" | "newOrigin" | "store">;
  readonly #counters = new Map<string, VersionCounter>();
  readonly #dirty = new Set<VersionCounter>();
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #sweptMs: number | undefined;

  constructor(ctx: Pick<PluginContext, "clock" | "logger" | "newOrigin" | "store">) {
    this.#ctx = ctx;
  }

  /** The counter of one version or outdated route: the same for every route and table that asks. */
  open(counted: Counted): VersionCounter {
    const key = `${counted.api}\0${counted.version}\0${counted.route}`;
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      counter = new VersionCounter(counted, (one) => this.#begin(one));
      this.#counters.set(key, counter);
    }
    return counter;
  }

  #begin(counter: VersionCounter): void {
    this.#dirty.add(counter);
    this.#cancel ??= this.#ctx.clock.after(FLUSH_MS, () => void this.flush());
  }

  /** Writes all that is counted. Settles in any case. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const rows = [...this.#dirty].flatMap((counter) => counter.drain());
    this.#dirty.clear();
    this.#writing = this.#writing.then(() => this.#write(rows));
    return this.#writing;
  }

  async #write(rows: readonly CallerRow[]): Promise<void> {
    // In one order in every process: two that add to the same rows never wait for each other in a ring.
    const ordered = rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const origin = this.#ctx.newOrigin("portico");
    try {
      for (let start = 0; start < ordered.length; start += BATCH) {
        const batch = ordered.slice(start, start + BATCH);
        await this.#ctx.store.append({ scope: "instance", origin }, (append) => {
          for (const row of batch) append.write(addCalls, row, 1);
        });
      }
      await this.#sweep();
    } catch (error) {
      this.#ctx.logger.warn(
        { err: error, count: rows.length },
        "Counts of callers were not written",
      );
    }
  }

  async #sweep(): Promise<void> {
    const nowMs = this.#ctx.clock.now();
    const isDue = this.#sweptMs === undefined || Math.abs(nowMs - this.#sweptMs) >= SWEEP_MS;
    if (!isDue) return;
    this.#sweptMs = nowMs;
    const origin = this.#ctx.newOrigin("portico");
    await this.#ctx.store.append({ scope: "instance", origin }, (append) =>
      append.write(forgetOld, { before: Math.floor(nowMs - KEPT_MS) }),
    );
  }
}

function keyOf({ api, version, organization, subject, route }: CallerRow): string {
  return `${api}\0${version}\0${organization}\0${subject}\0${route}`;
}
