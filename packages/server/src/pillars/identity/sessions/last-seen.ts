import type { PluginContext } from "portico/kernel";
import type { LiveSession } from "./live-session.ts";
import type { SessionTables } from "./tables.ts";

const MINUTE_MS = 60_000;
const BATCH = 200;

/**
 * Writes down when sessions were last used, behind the requests and at most once a minute for each: a crash loses the last
 * minute of it, so a session ends by its idle limit up to a minute early.
 */
export class LastSeen {
  readonly #ctx: PluginContext;
  #seen = new Map<string, number>();
  #cancel: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
  }

  /** Notes a use: nothing where one was noted within the minute. */
  note(session: LiveSession, now: number): void {
    session.endsAt = Math.min(session.expiresAt, now + session.idleMs);
    if (now - session.notedAt < MINUTE_MS) return;
    session.notedAt = now;
    this.#seen.set(session.id, now);
    this.#cancel ??= this.#ctx.clock.after(MINUTE_MS, () => void this.flush());
  }

  /** Writes all that is noted. Settles in any case. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const seen = [...this.#seen];
    this.#seen = new Map();
    this.#flushing = this.#flushing.then(() => this.#write(seen));
    return this.#flushing;
  }

  async #write(seen: readonly (readonly [string, number])[]): Promise<void> {
    for (let start = 0; start < seen.length; start += BATCH) {
      const batch = seen.slice(start, start + BATCH);
      try {
        await this.#writeBatch(batch);
      } catch (error) {
        // The next use notes the session again; losing one note harms nobody.
        this.#ctx.logger.warn(
          { error, count: batch.length },
          "The last use of sessions was not written",
        );
      }
    }
  }

  #writeBatch(batch: readonly (readonly [string, number])[]): Promise<void> {
    const { store } = this.#ctx;
    const origin = this.#ctx.newOrigin("identity");
    // In one order everywhere: two processes that write the same sessions must not wait for each other in a ring.
    const ids = batch.map(([id]) => id).toSorted();
    const at = Math.max(...batch.map(([, seenAt]) => seenAt));
    return store.transaction({ scope: "instance", origin }, async (tx) => {
      await tx
        .db<SessionTables>()
        .updateTable("identity_sessions")
        .set((columns) => ({
          last_seen_at: at,
          ends_at: columns
            .case()
            .when(columns("idle_ms", "+", at), "<", columns.ref("expires_at"))
            .then(columns("idle_ms", "+", at))
            .else(columns.ref("expires_at"))
            .end(),
        }))
        .where("id", "in", ids)
        .where("last_seen_at", "<", at)
        .execute();
    });
  }
}
