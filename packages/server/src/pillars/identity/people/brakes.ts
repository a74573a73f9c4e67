import { Buffer } from "node:buffer";
import { addressBucket, hmacSha256 } from "portico/kernel";
import type { PluginContext, Tx } from "portico/kernel";
import { raise } from "./errors.ts";
import { settingsOf } from "./settings.ts";
import type { BrakeRow, PeopleTables } from "./tables.ts";

/** Buckets of each kind: as many rows as there can ever be. */
const BUCKETS = 262_144;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How one kind of guessing is slowed. */
interface Brake {
  readonly name: string;
  readonly free: number;
  readonly delayMaxMs: number;
  /** Every so often one failure is forgiven. */
  readonly forgivenMs: number;
}

/** One try at a password. */
export interface Try {
  /** The name as it was given, folded: an account's, or nobody's. */
  readonly name: string;
  readonly address: string;
  /** The known device it comes from; it is counted apart, and by nothing else. */
  readonly device: string | undefined;
}

/**
 * Slows guessing, and locks nobody out: after some free failures each try has to wait twice as long as the one before. A
 * try is counted before the password is looked at, in one durable transaction, so that a thousand at the same time are not
 * one; a right password takes the count back. Counts are rows, so they hold over all processes and over a restart.
 */
export class Brakes {
  readonly #ctx: PluginContext;
  readonly #key: Uint8Array;

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
    this.#key = ctx.secrets.derive("identity.brakes");
  }

  /** Counts a try as failed until {@link passed} says otherwise. Throws `identity.tooManyAttempts`, which counts nothing. */
  async count(attempt: Try): Promise<void> {
    const waitMs = await this.#change(async (tx, nowMs) => {
      const brakes = this.#brakesOf(attempt);
      const rows = await rowsOf(tx, [...brakes.keys()]);
      const until = Math.max(0, ...rows.map((row) => row.until));
      if (until > nowMs) return until - nowMs;
      for (const [bucket, brake] of brakes) {
        const row = rows.find((each) => each.bucket === bucket);
        await write(tx, counted(bucket, brake, { row, nowMs }));
      }
      return 0;
    });
    if (waitMs === 0) return;
    const seconds = Math.ceil(waitMs / 1_000);
    throw raise("identity.tooManyAttempts", {
      params: { seconds },
      headers: { "retry-after": String(seconds) },
    });
  }

  /** The password was right: the account or device begins anew, the address has one failure fewer. */
  async passed(attempt: Try): Promise<void> {
    await this.#change(async (tx) => {
      for (const [bucket, brake] of this.#brakesOf(attempt)) {
        if (brake.name === "address") await forgiveOne(tx, bucket);
        else await forget(tx, bucket);
      }
    });
  }

  /** Takes the brake off an account: its owner has shown themselves in another way. Within the transaction of that. */
  async release(names: readonly string[], tx: Tx): Promise<void> {
    for (const name of names) await forget(tx, this.#bucket("account", name));
  }

  #brakesOf({ name, address, device }: Try): ReadonlyMap<string, Brake> {
    const { guessesFree: free, guessesFreePerAddress } = settingsOf(this.#ctx);
    const account = { free, delayMaxMs: 15 * MINUTE_MS, forgivenMs: 60 * MINUTE_MS };
    if (device !== undefined) {
      return new Map([[this.#bucket("device", device), { ...account, name: "device" }]]);
    }
    const place = {
      name: "address",
      free: guessesFreePerAddress,
      delayMaxMs: 5 * MINUTE_MS,
      forgivenMs: MINUTE_MS,
    };
    // In one order everywhere: two transactions that count the same must not wait for each other in a ring.
    return new Map([
      [this.#bucket("account", name), { ...account, name: "account" }],
      [this.#bucket("address", addressBucket(address)), place],
    ]);
  }

  /** Which row: with a key of the installation, so that nobody finds another name that falls into it. */
  #bucket(kind: string, text: string): string {
    const mac = Buffer.from(hmacSha256(this.#key, kind, "\0", text));
    return `${kind}:${mac.readUInt32BE(0) % BUCKETS}`;
  }

  #change<TValue>(run: (tx: Tx, nowMs: number) => Promise<TValue>): Promise<TValue> {
    const origin = this.#ctx.newOrigin("portico");
    return this.#ctx.store.transaction({ scope: "instance", origin }, (tx) =>
      run(tx, Math.floor(this.#ctx.clock.now())),
    );
  }
}

/** Deletes counts of which nothing is left; at most `limit`. How many. */
export async function sweepBrakes(
  tx: Tx,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<number> {
  const db = tx.db<PeopleTables>();
  const old = nowMs - DAY_MS;
  const rows = await db
    .selectFrom("identity_brakes")
    .select("bucket")
    .where("last_at", "<", old)
    .limit(limit)
    .execute();
  if (rows.length === 0) return 0;
  const buckets = rows.map(({ bucket }) => bucket);
  await db
    .deleteFrom("identity_brakes")
    .where("bucket", "in", buckets)
    .where("last_at", "<", old)
    .execute();
  return rows.length;
}

async function rowsOf(tx: Tx, buckets: readonly string[]): Promise<readonly BrakeRow[]> {
  const db = tx.db<PeopleTables>();
  // So that there is a row to hold: two first tries at the same time would both see none.
  for (const bucket of buckets) {
    await db
      .insertInto("identity_brakes")
      .values({ bucket, failures: 0, last_at: 0, until: 0 })
      .onConflict((conflict) => conflict.column("bucket").doNothing())
      .execute();
  }
  const select = db
    .selectFrom("identity_brakes")
    .selectAll()
    .where("bucket", "in", buckets)
    .orderBy("bucket");
  return await tx.forUpdate(select).execute();
}

interface Before {
  readonly row: BrakeRow | undefined;
  readonly nowMs: number;
}

/** A row with one failure more. */
function counted(bucket: string, brake: Brake, { row, nowMs }: Before): BrakeRow {
  const idleMs = Math.max(0, nowMs - (row?.last_at ?? 0));
  const forgiven = Math.floor(idleMs / brake.forgivenMs);
  const failures = Math.max(0, (row?.failures ?? 0) - forgiven) + 1;
  const over = failures - brake.free;
  const delayMs = over < 0 ? 0 : Math.min(brake.delayMaxMs, 1_000 * 2 ** Math.min(over, 30));
  return { bucket, failures, last_at: nowMs, until: delayMs === 0 ? 0 : nowMs + delayMs };
}

async function write(tx: Tx, { bucket, ...set }: BrakeRow): Promise<void> {
  await tx
    .db<PeopleTables>()
    .updateTable("identity_brakes")
    .set(set)
    .where("bucket", "=", bucket)
    .execute();
}

async function forget(tx: Tx, bucket: string): Promise<void> {
  await tx
    .db<PeopleTables>()
    .updateTable("identity_brakes")
    .set({ failures: 0, until: 0 })
    .where("bucket", "=", bucket)
    .execute();
}

async function forgiveOne(tx: Tx, bucket: string): Promise<void> {
  await tx
    .db<PeopleTables>()
    .updateTable("identity_brakes")
    .set((eb) => ({ failures: eb("failures", "-", 1), until: 0 }))
    .where("bucket", "=", bucket)
    .where("failures", ">", 0)
    .execute();
}
