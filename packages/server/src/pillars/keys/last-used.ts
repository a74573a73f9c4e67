import type { PluginContext } from "portico/kernel";
import type { KeyRecord } from "./record.ts";
import type { KeyTables } from "./tables.ts";

const FLUSH_MS = 30_000;
const BATCH = 200;

/**
 * Writes down which keys were used, behind the requests and outside the promise of the store: a crash loses the last
 * half minute of it. One statement a batch, one time for the batch: the column says when within half a minute.
 */
export class LastUsed {
  readonly #ctx: PluginContext;
  #used: KeyRecord[] = [];
  #cancel: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
  }

  /** Notes a use; costs nothing when the key is noted already. */
  note(record: KeyRecord): void {
    if (record.isUsed) return;
    record.isUsed = true;
    this.#used.push(record);
    this.#cancel ??= this.#ctx.clock.after(FLUSH_MS, () => void this.flush());
  }

  /** Writes all that is noted. Settles in any case. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const used = this.#used;
    this.#used = [];
    for (const record of used) record.isUsed = false;
    this.#flushing = this.#flushing.then(() => this.#write(used));
    return this.#flushing;
  }

  async #write(used: readonly KeyRecord[]): Promise<void> {
    const at = Math.floor(this.#ctx.clock.now());
    const byOrganization = Map.groupBy(used, (record) => record.organization);
    for (const [organization, records] of byOrganization) {
      for (let start = 0; start < records.length; start += BATCH) {
        const ids = records.slice(start, start + BATCH).map(({ id }) => id);
        try {
          await this.#touch(organization, ids, at);
        } catch (error) {
          // The next use notes the keys again; losing one note harms nobody.
          this.#ctx.logger.warn(
            { error, count: ids.length },
            "The last use of keys was not written",
          );
        }
      }
    }
  }

  #touch(organization: string, ids: readonly string[], at: number): Promise<void> {
    const origin = this.#ctx.newOrigin("portico");
    return this.#ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
      await tx
        .db<KeyTables>()
        .updateTable("keys_keys")
        .set({ last_used_at: at })
        .where("id", "in", ids)
        .where((where) =>
          where.or([where("last_used_at", "is", null), where("last_used_at", "<", at)]),
        )
        .execute();
    });
  }
}
