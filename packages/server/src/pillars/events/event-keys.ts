import { Buffer } from "node:buffer";
import { canonicalJson, sha256, statement } from "portico/kernel";
import type { Append, PluginContext, Read, SqlValue } from "portico/kernel";
import { raise } from "./errors.ts";
import { settingsOf } from "./settings.ts";
import type { EventTables } from "./tables.ts";
import type { NewEvent } from "./view.ts";

const DAY_MS = 86_400_000;
const ASKED_MAX = 500;
const FORGOTTEN_MAX = 5;

/** Which event a key stands for. */
export interface KnownKey {
  readonly event: string;
  readonly fingerprint: string;
}

/** The organization is stamped on by the store. */
interface KeyColumns extends Record<string, SqlValue> {
  readonly idempotency_key: string;
  readonly event: string;
  readonly fingerprint: string;
  readonly created_at: number;
}

// The key itself, and some of the organization that are over, too: more than this batch adds, so old rows never pile up.
const forgetOld = statement<{ idempotency_key: string; before: number }, EventTables>(
  "events.forgetOld",
  (db, param) =>
    db
      .deleteFrom("events_keys")
      .where("created_at", "<", param("before"))
      .where((eb) =>
        eb.or([
          eb("idempotency_key", "=", param("idempotency_key")),
          eb(
            "idempotency_key",
            "in",
            eb
              .selectFrom("events_keys")
              .select("idempotency_key")
              .where("created_at", "<", param("before"))
              .orderBy("created_at")
              .limit(FORGOTTEN_MAX),
          ),
        ]),
      ),
);

const insertKey = statement<KeyColumns, EventTables>("events.insertKey", (db, param) =>
  db
    .insertInto("events_keys")
    .values({
      idempotency_key: param("idempotency_key"),
      event: param("event"),
      fingerprint: param("fingerprint"),
      created_at: param("created_at"),
    } as never)
    .onConflict((conflict) => conflict.doNothing()),
);

/** How long a key stands for its event, in milliseconds. */
export function keptMsOf(ctx: PluginContext): number {
  return settingsOf(ctx).idempotencyDays * DAY_MS;
}

/** What the keys of some events stand for already. Reads nothing for events without keys. */
export async function knownKeys(
  events: readonly NewEvent[],
  { read, ctx }: { readonly read: Read; readonly ctx: PluginContext },
): Promise<Map<string, KnownKey>> {
  const keys = [...new Set(events.flatMap(({ idempotencyKey }) => idempotencyKey ?? []))];
  const known = new Map<string, KnownKey>();
  for (let from = 0; from < keys.length; from += ASKED_MAX) {
    const rows = await read
      .db<EventTables>()
      .selectFrom("events_keys")
      .selectAll()
      .where("idempotency_key", "in", keys.slice(from, from + ASKED_MAX))
      .where("created_at", ">=", oldest(ctx))
      .execute();
    for (const { idempotency_key: key, event, fingerprint } of rows) {
      known.set(key, { event, fingerprint });
    }
  }
  return known;
}

/** The event that a key stands for, if it is the same event. Raises `events.keyReuse` for another one. */
export function replayOf(
  key: string,
  fingerprint: string,
  known: ReadonlyMap<string, KnownKey>,
): string | undefined {
  const found = known.get(key);
  if (found === undefined) return undefined;
  if (found.fingerprint !== fingerprint) throw raise("events.keyReuse", { params: { key } });
  return found.event;
}

/** Makes a key stand for an event, in the batch that stores it: whoever else took it meanwhile makes the batch fail. */
export function claimKey(
  append: Append,
  { key, event, fingerprint }: KnownKey & { readonly key: string },
  ctx: PluginContext,
): void {
  append.write(forgetOld, { idempotency_key: key, before: oldest(ctx) });
  const created_at = Math.floor(ctx.clock.now());
  append.write(insertKey, { idempotency_key: key, event, fingerprint, created_at }, 1);
}

/** The same for the same event, whatever the order of its members; its data counts by its bytes. */
export function fingerprintOf(event: NewEvent, data: Uint8Array): string {
  const { data: _data, dataBase64: _base64, idempotencyKey: _key, ...rest } = event;
  const told = canonicalJson([rest, Buffer.from(sha256(data)).toString("hex")]);
  return Buffer.from(sha256(told)).toString("hex");
}

function oldest(ctx: PluginContext): number {
  return Math.floor(ctx.clock.now() - keptMsOf(ctx));
}
