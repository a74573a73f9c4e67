import type { PluginContext, Read } from "portico/kernel";
import { Identity } from "../capability.ts";
import { PEOPLE_CHANGES } from "./face.ts";
import type { Person } from "./face.ts";
import { emailKey, usernameKey } from "./names.ts";
import { toPerson } from "./person.ts";
import type { PeopleTables, PersonRow } from "./tables.ts";

const CACHED_MAX = 20_000;
const FOUND_MAX = 200;
const UNVERIFIED_MAX = 2;
/** How long somebody is looked up in the store at most while their row is being changed: longer than a request may take. */
const DISTRUST_MS = 60_000;
/** How long after their change was heard of: another change of them may have been under way. */
const AFTERWARDS_MS = 2_000;
const DISTRUSTED_MAX = 10_000;

/** Finds people: by id from memory where the change feed allows it, else in the store. */
export class Directory {
  readonly #ctx: PluginContext;
  readonly #unwatch: () => void;
  #young = new Map<string, Person>();
  #old = new Map<string, Person>();
  /** Counts drops, so that a look-up that began before one is not remembered after it. */
  #drops = 0;
  readonly #distrusted = new Map<string, number>();

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
    this.#unwatch = ctx.changes.watch(PEOPLE_CHANGES, (id) => this.#told(id));
  }

  async find(id: string): Promise<Person | undefined> {
    const known = this.#ctx.changes.stale() ? undefined : this.#remembered(id);
    return known ?? (await this.#load([id]))[0];
  }

  async findMany(ids: readonly string[]): Promise<readonly Person[]> {
    const wanted = [...new Set(ids)].slice(0, FOUND_MAX);
    const isStale = this.#ctx.changes.stale();
    const known = isStale ? [] : wanted.flatMap((id) => this.#remembered(id) ?? []);
    const held = new Set(known.map(({ id }) => id));
    const missing = wanted.filter((id) => !held.has(id));
    return missing.length === 0 ? known : [...known, ...(await this.#load(missing))];
  }

  /** From now on asks the store, until a while after the change feed has told of it. Called before the commit of a change. */
  distrust(id: string): void {
    const now = this.#ctx.clock.monotonic();
    if (this.#distrusted.size >= DISTRUSTED_MAX) {
      for (const [each, until] of this.#distrusted) if (until <= now) this.#distrusted.delete(each);
    }
    this.#distrusted.set(id, now + DISTRUST_MS);
    this.#drop(id);
    this.#ctx.get(Identity).sessions.distrust(id);
  }

  stop(): void {
    this.#unwatch();
  }

  #told(id: string): void {
    this.#drop(id);
    const until = this.#ctx.clock.monotonic() + AFTERWARDS_MS;
    for (const each of id === "*" ? [...this.#distrusted.keys()] : [id]) {
      const before = this.#distrusted.get(each);
      if (before !== undefined) this.#distrusted.set(each, Math.min(before, until));
    }
  }

  #drop(id: string): void {
    this.#drops += 1;
    if (id === "*") {
      this.#young.clear();
      this.#old.clear();
    }
    this.#young.delete(id);
    this.#old.delete(id);
  }

  #isDistrusted(id: string): boolean {
    const until = this.#distrusted.get(id);
    if (until === undefined) return false;
    if (until > this.#ctx.clock.monotonic()) return true;
    this.#distrusted.delete(id);
    return false;
  }

  #remembered(id: string): Person | undefined {
    if (this.#isDistrusted(id)) return undefined;
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old !== undefined) this.#young.set(id, old);
    return old;
  }

  async #load(ids: readonly string[]): Promise<readonly Person[]> {
    const drops = this.#drops;
    const rows = await this.#ctx.store
      .read("instance")
      .db<PeopleTables>()
      .selectFrom("identity_people")
      .selectAll()
      .where("id", "in", ids)
      .execute();
    const people = rows.map(toPerson);
    if (drops !== this.#drops) return people;
    if (this.#young.size >= CACHED_MAX / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    for (const person of people) this.#young.set(person.id, person);
    return people;
  }
}

/**
 * The account of a name or an address; undefined for none. An address is that of the account that has shown it to be its own;
 * where none has, of the only one that claims it.
 */
export async function findRow(
  read: Pick<Read, "db">,
  { username, email }: { readonly username?: string; readonly email?: string },
): Promise<PersonRow | undefined> {
  const named = username ?? email ?? "";
  // Nobody has such a name, and no database takes it.
  if (!named.isWellFormed() || named.includes("\0")) return undefined;
  const select = read.db<PeopleTables>().selectFrom("identity_people").selectAll();
  if (username !== undefined) {
    return await select.where("username_key", "=", usernameKey(username)).executeTakeFirst();
  }
  if (email === undefined) return undefined;
  const key = emailKey(email);
  const verified = await select.where("verified_key", "=", key).executeTakeFirst();
  const claims = await select.where("email_key", "=", key).limit(UNVERIFIED_MAX).execute();
  return verified ?? (claims.length === 1 ? claims[0] : undefined);
}

/** The row of an id, deleted people left out. */
export async function rowOf(read: Pick<Read, "db">, id: string): Promise<PersonRow | undefined> {
  const row = await read
    .db<PeopleTables>()
    .selectFrom("identity_people")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row?.state === "deleted" ? undefined : row;
}
