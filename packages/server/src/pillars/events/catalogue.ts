import type { ChangeFeed, Counter, PluginContext, Read } from "portico/kernel";
import { storedSchema } from "./accept-schema.ts";
import { findSchema } from "./find-type.ts";
import type { EventSchema } from "./schema/index.ts";
import { settingsOf } from "./settings.ts";
import type { Validation } from "./settings.ts";
import type { EventTables, EventTypeRow } from "./tables.ts";
import { TYPE_CHANGES } from "./tables.ts";

const COST_MAX = 16_000_000;
const ENTRY_COST = 500;

/** How events of one type are met. */
export interface TypeRule {
  readonly validation: Validation;
  readonly version: number;
  readonly schema: EventSchema;
}

/** Undefined: of this type nothing is judged. */
type Found = TypeRule | undefined;

/**
 * The rules by which events are judged, as far as one process has met them: bounded by the size of their schemas, the
 * oldest dropped first. What another process changed is dropped as the change feed tells.
 */
export class Catalogue {
  readonly #known = new Map<string, { readonly rule: Found; readonly cost: number }>();
  readonly unfit: Counter;
  #cost = 0;
  /** Counts drops, so that what was read before one is not remembered after it. */
  drops = 0;

  constructor(unfit: Counter) {
    this.unfit = unfit;
  }

  /** The rule, in a list since nothing may be known of there being none. */
  find(id: string): readonly [Found] | undefined {
    const found = this.#known.get(id);
    return found === undefined ? undefined : [found.rule];
  }

  /** Remembers a rule, unless something was dropped since `drops` was read. */
  remember(id: string, rule: Found, { cost, drops }: { cost: number; drops: number }): void {
    if (drops !== this.drops || this.#known.has(id)) return;
    this.#known.set(id, { rule, cost });
    this.#cost += cost;
    for (const oldest of this.#known.keys()) {
      if (this.#cost <= COST_MAX) return;
      this.#forget(oldest);
    }
  }

  /** `*` forgets all. */
  drop(id: string): void {
    this.drops += 1;
    if (id !== "*") return this.#forget(id);
    this.#known.clear();
    this.#cost = 0;
  }

  /** How much is held, in bytes of schemas. */
  get cost(): number {
    return this.#cost;
  }

  #forget(id: string): void {
    this.#cost -= this.#known.get(id)?.cost ?? 0;
    this.#known.delete(id);
  }
}

/** By the change feed of the server they serve: two servers of one process share nothing. */
const catalogues = new WeakMap<ChangeFeed, Catalogue>();

/** The catalogue of a server. It follows the change feed from its first use on. */
export function catalogueOf({ changes, meter }: PluginContext): Catalogue {
  let catalogue = catalogues.get(changes);
  if (catalogue === undefined) {
    const help = "Events whose data did not fit the schema of their type.";
    const made = new Catalogue(meter.counter("events_unfit_total", help, ["outcome"]));
    changes.watch(TYPE_CHANGES, (id) => made.drop(id));
    catalogues.set(changes, made);
    catalogue = made;
  }
  return catalogue;
}

/** After a change here: whoever was answered finds it in force, before the change feed comes round. */
export function followTypes(ctx: PluginContext): Promise<void> {
  catalogueOf(ctx).drop("*");
  return Promise.resolve();
}

/** The rules of some types: from memory, else read; types without a rule are not in the map. */
export async function rulesOf(
  ctx: PluginContext,
  read: Read,
  { organization, types }: { readonly organization: string; readonly types: Iterable<string> },
): Promise<ReadonlyMap<string, TypeRule>> {
  const catalogue = catalogueOf(ctx);
  const isStale = ctx.changes.stale();
  const rules = new Map<string, TypeRule>();
  const missing: string[] = [];
  for (const type of new Set(types)) {
    const known = isStale ? undefined : catalogue.find(idOf(organization, type));
    if (known === undefined) missing.push(type);
    else if (known[0] !== undefined) rules.set(type, known[0]);
  }
  if (missing.length === 0) return rules;
  const { drops } = catalogue;
  const rows = await read
    .db<EventTables>()
    .selectFrom("events_types")
    .selectAll()
    .where("type", "in", missing)
    .execute();
  const byType = new Map(rows.map((row) => [row.type, row]));
  for (const type of missing) {
    const { rule, cost } = await readRule(ctx, read, byType.get(type));
    if (rule !== undefined) rules.set(type, rule);
    if (!isStale) catalogue.remember(idOf(organization, type), rule, { cost, drops });
  }
  return rules;
}

async function readRule(
  ctx: PluginContext,
  read: Read,
  row: EventTypeRow | undefined,
): Promise<{ readonly rule: Found; readonly cost: number }> {
  // Only values of this union are written.
  const own = row?.validation as Validation | null | undefined;
  const validation = own ?? settingsOf(ctx).validation;
  const schema =
    row === undefined || row.version === 0 || validation === "off"
      ? undefined
      : await findSchema(read, row);
  if (schema === undefined) return { rule: undefined, cost: ENTRY_COST };
  const { version, schema: text } = schema;
  return {
    rule: { validation, version, schema: storedSchema(text) },
    cost: ENTRY_COST + text.length,
  };
}

/** As the change feed names a type. */
function idOf(organization: string, type: string): string {
  return JSON.stringify([organization, type]);
}
