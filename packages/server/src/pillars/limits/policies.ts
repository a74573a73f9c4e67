import { readLimit } from "portico/kernel";
import type { LimitPlace, LimitPolicy, LimitSpec } from "portico/kernel";
import type { Counter } from "./counters/index.ts";
import { raise } from "./errors.ts";

/** Different policies that are remembered; beyond it the memory of them begins anew, and no count is lost by that. */
const REMEMBERED = 10_000;
const CREDENTIAL: Omit<LimitPlace, "limits"> = { id: "credential", api: "credential" };

/** The installation's policies, by name. */
export type NamedPolicies = ReadonlyMap<string, LimitPolicy>;

/** Reads `limits.policies`; every mistake of every policy is told at once. */
export function readPolicies(given: Readonly<Record<string, LimitSpec>>): {
  readonly policies: NamedPolicies;
  readonly mistakes: readonly { readonly name: string; readonly detail: string }[];
} {
  const policies = new Map<string, LimitPolicy>();
  const mistakes: { name: string; detail: string }[] = [];
  for (const [name, spec] of Object.entries(given)) {
    const read = readLimit(spec);
    if ("kind" in read && read.kind === "policy") {
      policies.set(name, { ...read, name: hasOwnName(spec) ? read.name : name });
    }
    if ("kind" in read && read.kind === "reference") {
      mistakes.push({ name, detail: `'${read.name}' names another policy; write the figures` });
    }
    if (!("kind" in read)) mistakes.push(...read.map((detail) => ({ name, detail })));
    if (!/^[A-Za-z][A-Za-z0-9._-]{0,62}$/.test(name)) {
      mistakes.push({
        name,
        detail: "a name has letters, digits and . _ -, and begins with a letter",
      });
    }
  }
  return { policies, mistakes };
}

function hasOwnName(spec: LimitSpec): boolean {
  return typeof spec === "object" && spec.name !== undefined;
}

/** What is wrong with limits as they are written. */
export function mistakesIn(specs: readonly LimitSpec[], named: NamedPolicies): readonly string[] {
  return specs.flatMap((spec) => {
    const read = readLimit(spec);
    if (!("kind" in read)) return read;
    if (read.kind === "policy" || named.has(read.name)) return [];
    const known = [...named.keys()].join(", ");
    return [
      `there is no policy '${read.name}'; limits.policies has ${known === "" ? "none" : known}`,
    ];
  });
}

/** Makes the counter of a policy; `id` begins the names of its counts. */
export type MakeCounter = (id: string, policy: LimitPolicy) => Counter;

/** Finds the counters of what is limited, each list read once. */
export class CounterTable {
  readonly #named: NamedPolicies;
  readonly #make: MakeCounter;
  readonly #byId = new Map<string, Counter>();
  readonly #ofPlaces = new WeakMap<LimitPlace, readonly Counter[]>();
  readonly #ofCredentials = new WeakMap<readonly LimitSpec[], readonly Counter[]>();

  constructor(named: NamedPolicies, make: MakeCounter) {
    this.#named = named;
    this.#make = make;
  }

  /** The counters of a credential's own limits, which count over all places together. */
  ofCredential(limits: readonly LimitSpec[]): readonly Counter[] {
    const known = this.#ofCredentials.get(limits);
    if (known !== undefined) return known;
    const made = this.#countersOf({ ...CREDENTIAL, limits });
    this.#ofCredentials.set(limits, made);
    return made;
  }

  /** The counters of a place. */
  ofPlace(place: LimitPlace): readonly Counter[] {
    const known = this.#ofPlaces.get(place);
    if (known !== undefined) return known;
    const made = this.#countersOf(place);
    this.#ofPlaces.set(place, made);
    return made;
  }

  #countersOf(place: LimitPlace): readonly Counter[] {
    const byId = new Map<string, Counter>();
    for (const spec of place.limits) {
      const policy = this.#policyOf(spec);
      const isNamed = typeof spec === "string" && this.#named.has(spec);
      const counter = this.#counterOf(
        idOf(policy, isNamed ? `@${spec}` : placeOf(policy, place)),
        policy,
      );
      const other = byId.get(`${counter.id} ${policy.per}`);
      // Two limits that would be one count: the tighter says all.
      if (other === undefined || other.policy.limit > policy.limit) {
        byId.set(`${counter.id} ${policy.per}`, counter);
      }
    }
    return [...byId.values()];
  }

  #policyOf(spec: LimitSpec): LimitPolicy {
    const read = readLimit(spec);
    if (!("kind" in read))
      throw raise("limits.badLimit", { params: { mistakes: read.join("; ") } });
    if (read.kind === "policy") return read;
    const named = this.#named.get(read.name);
    if (named === undefined) throw raise("limits.unknownPolicy", { params: { name: read.name } });
    return named;
  }

  #counterOf(id: string, policy: LimitPolicy): Counter {
    const key = JSON.stringify([id, policy]);
    const known = this.#byId.get(key);
    if (known !== undefined) return known;
    if (this.#byId.size >= REMEMBERED) this.#byId.clear();
    const made = this.#make(id, policy);
    this.#byId.set(key, made);
    return made;
  }
}

/** Inline limits count for their place; what spans places counts for all of them. */
function placeOf({ per }: LimitPolicy, place: Omit<LimitPlace, "limits">): string {
  if (per === "global") return "everywhere";
  return per === "api" ? `api ${place.api}` : place.id;
}

/**
 * A quota whose figure is changed goes on with what was used of it. A bucket's debt is counted in units of its figures: other
 * figures are another count.
 */
function idOf({ algorithm, limit, windowMs, isMonth, burst }: LimitPolicy, where: string): string {
  if (algorithm === "concurrency") return `concurrent\n${where}`;
  if (algorithm === "fixed") return `fixed ${isMonth ? "month" : windowMs}\n${where}`;
  return `bucket ${limit}/${windowMs} ${burst}\n${where}`;
}
