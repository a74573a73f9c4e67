import { equalSecrets, sha256 } from "portico/kernel";
import type { Caller, FoundCaller, PluginContext } from "portico/kernel";
import { KeyCache } from "./cache.ts";
import { raise } from "./errors.ts";
import { idInKey } from "./format.ts";
import { LastUsed } from "./last-used.ts";
import { toRecord } from "./record.ts";
import type { KeyRecord } from "./record.ts";
import { settingsOf } from "./settings.ts";
import { KEY_CHANGES } from "./tables.ts";
import type { KeyTables } from "./tables.ts";

/** Why a key opens nothing. `notFound` stands for mistyped, unknown and wrong secret alike. */
export type Refusal = "notFound" | "revoked" | "disabled" | "expired" | "forbidden";

/** What a check of a key's text found. */
export type Checked =
  | { readonly isValid: true; readonly record: KeyRecord }
  | { readonly isValid: false; readonly refusal: Refusal; readonly record?: KeyRecord };

/** The record of the key's secret that this is, the present or the one before it; undefined for any other. */
function recordWith(record: KeyRecord, hash: Uint8Array): KeyRecord | undefined {
  if (equalSecrets(record.hash, hash)) return record;
  const { previous } = record;
  return previous !== undefined && equalSecrets(previous.hash, hash) ? previous : undefined;
}

/** How long a key is not answered from memory at most while its row is being changed: longer than a request may take. */
const DISTRUST_MS = 60_000;
const DISTRUSTED_MAX = 10_000;

/** Checks keys: from memory at once where it may, else against the store. */
export class KeyVerifier {
  readonly #ctx: PluginContext;
  readonly #cache: KeyCache;
  readonly #lastUsed: LastUsed;
  readonly #loading = new Map<string, Promise<KeyRecord | undefined>>();
  readonly #distrusted = new Map<string, number>();
  readonly #unwatch: () => void;
  #latestMs = 0;

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
    this.#cache = new KeyCache(settingsOf(ctx).cacheMax);
    this.#lastUsed = new LastUsed(ctx);
    this.#unwatch = ctx.changes.watch(KEY_CHANGES, (id) => {
      this.#forget(id);
      if (id === "*") this.#distrusted.clear();
      else this.#distrusted.delete(id);
    });
  }

  /**
   * The caller behind a key that was sent from an address; synchronous when it was verified before. Throws `keys.invalid`,
   * and `keys.addressRefused` to who holds the key elsewhere than it may be used.
   */
  identify(text: string, address: string): Caller | Promise<Caller> {
    const record = this.#fromMemory(text);
    return record === undefined
      ? this.#identifySlowly(text, address)
      : this.#admit(this.#judge(record, address), address);
  }

  /**
   * Whether a key's text opens anything, and why not; a key that does is noted as used. Without an address, from where it
   * may be used is not looked at.
   */
  async check(text: string, address?: string): Promise<Checked> {
    const record = this.#fromMemory(text);
    if (record !== undefined) return this.#judge(record, address);
    const id = idInKey(text);
    if (id === undefined) return { isValid: false, refusal: "notFound" };
    const found = await this.#find(id);
    const meant = found === undefined ? undefined : recordWith(found, sha256(text));
    if (meant === undefined) return { isValid: false, refusal: "notFound" };
    const checked = this.#judge(meant, address);
    if (checked.isValid) this.#cache.rememberVerified(text, meant);
    return checked;
  }

  /** The caller behind an id, for decisions on paper: nothing is noted as used. */
  async lookUp(id: string): Promise<FoundCaller | undefined> {
    const record = await this.#load(id);
    if (record === undefined) return undefined;
    const { caller, expiresAt, isRevoked, isDisabled } = record;
    const isExpired = expiresAt !== null && expiresAt <= this.#ctx.clock.now();
    return { caller, refusal: isRevoked || isDisabled || isExpired ? "keys.invalid" : null };
  }

  /**
   * From now on looks the key up in the store, until the change feed has told of it. Called before its row is
   * changed: so this process acts by the change from the moment of the commit, not of the next reading of the feed.
   */
  distrust(id: string): void {
    const now = this.#ctx.clock.monotonic();
    if (this.#distrusted.size >= DISTRUSTED_MAX) this.#forgetOldDistrust(now);
    this.#distrusted.set(id, now + DISTRUST_MS);
    this.#forget(id);
  }

  /** Writes down what was used and lets go of the feed. */
  async stop(): Promise<void> {
    this.#unwatch();
    await this.#lastUsed.flush();
  }

  #fromMemory(text: string): KeyRecord | undefined {
    const record = this.#cache.verified(text);
    // A feed that was not read for a second may hide a revocation: then memory proves nothing.
    return record === undefined || this.#ctx.changes.stale() ? undefined : record;
  }

  async #identifySlowly(text: string, address: string): Promise<Caller> {
    return this.#admit(await this.check(text, address), address);
  }

  #admit(checked: Checked, address: string): Caller {
    if (!checked.isValid) {
      if (checked.refusal === "forbidden")
        throw raise("keys.addressRefused", { params: { address } });
      throw raise("keys.invalid", {
        internal: `${checked.refusal}${checked.record === undefined ? "" : ` ${checked.record.id}`}`,
      });
    }
    return checked.record.caller;
  }

  #judge(record: KeyRecord, address: string | undefined): Checked {
    if (record.isRevoked) return { isValid: false, refusal: "revoked", record };
    if (record.isDisabled) return { isValid: false, refusal: "disabled", record };
    // A clock set back must not bring an expired key to life again.
    this.#latestMs = Math.max(this.#latestMs, this.#ctx.clock.now());
    if (record.expiresAt !== null && record.expiresAt <= this.#latestMs) {
      return { isValid: false, refusal: "expired", record };
    }
    if (record.allows !== undefined && address !== undefined && !record.allows(address)) {
      return { isValid: false, refusal: "forbidden", record };
    }
    this.#lastUsed.note(record);
    return { isValid: true, record };
  }

  #find(id: string): Promise<KeyRecord | undefined> {
    if (this.#isDistrusted(id) || this.#ctx.changes.stale()) return this.#load(id);
    const known = this.#cache.find(id);
    if (known !== undefined) return Promise.resolve(known);
    if (this.#cache.isUnknown(id)) return Promise.resolve(undefined);
    const loading = this.#loading.get(id);
    if (loading !== undefined) return loading;
    const started = this.#loadAndRemember(id).finally(() => {
      if (this.#loading.get(id) === started) this.#loading.delete(id);
    });
    this.#loading.set(id, started);
    return started;
  }

  async #loadAndRemember(id: string): Promise<KeyRecord | undefined> {
    const { drops } = this.#cache;
    const record = await this.#load(id);
    this.#cache.remember(id, record, drops);
    return record;
  }

  async #load(id: string): Promise<KeyRecord | undefined> {
    const row = await this.#ctx.store
      .read("instance")
      .db<KeyTables>()
      .selectFrom("keys_keys")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    return row === undefined ? undefined : toRecord(row);
  }

  #forget(id: string): void {
    this.#cache.drop(id);
    // A look-up under way may hold the row as it was: whoever asks from now on does not share it.
    if (id === "*") this.#loading.clear();
    else this.#loading.delete(id);
  }

  #isDistrusted(id: string): boolean {
    const until = this.#distrusted.get(id);
    if (until === undefined) return false;
    if (until > this.#ctx.clock.monotonic()) return true;
    this.#distrusted.delete(id);
    return false;
  }

  #forgetOldDistrust(now: number): void {
    for (const [id, until] of this.#distrusted) {
      if (until > now && this.#distrusted.size < DISTRUSTED_MAX) return;
      this.#distrusted.delete(id);
    }
  }
}
