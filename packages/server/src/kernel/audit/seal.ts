import type { Clock } from "../../base/index.ts";
import type { Logger } from "../contract/index.ts";
import { createBell, placeholders } from "../log/index.ts";
import type { Driver, DriverStatement } from "../store/index.ts";
import { ENTRY_COLUMNS, hashEntry, toEntry } from "./entry.ts";
import { signWith } from "./signing.ts";
import type { SigningOptions } from "./signing.ts";

const BATCH = 500;
const POLL_MS = 500;
const CHECKPOINT_MS = 600_000;
const CHECKPOINT_ENTRIES = 1_000;

/** What the sealer needs. */
export interface SealerOptions extends SigningOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Chains entries and signs checkpoints until the signal, then signs the end; runs in the one elected process. */
export async function runSealer(options: SealerOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger } = options;
  const bell = createBell(clock);
  let signedAt = clock.monotonic();
  let unsigned = 0;
  while (!signal.aborted) {
    await bell.wait(POLL_MS, signal);
    try {
      unsigned += await sealAll(options);
      const isDue = unsigned >= CHECKPOINT_ENTRIES || clock.monotonic() - signedAt >= CHECKPOINT_MS;
      if (!isDue && !signal.aborted) continue;
      await signEnd(options);
      signedAt = clock.monotonic();
      unsigned = 0;
    } catch (error) {
      logger.warn({ error }, "The audit could not be sealed; trying again.");
    }
  }
}

/** Seals everything written before the call; returns how many this call sealed. */
export async function sealAll(options: SealerOptions): Promise<number> {
  for (let total = 0; ;) {
    const sealed = await sealBatch(options.driver);
    total += sealed;
    if (sealed < BATCH) return total;
  }
}

/** Seals the oldest open entries; 0 when there are none or another sealer was quicker. */
async function sealBatch(driver: Driver): Promise<number> {
  const to = placeholders(driver.dialect);
  const end = await readEnd(driver);
  const { rows } = await driver.query({
    sql: to(`select ${ENTRY_COLUMNS} from audit_entries where seq is null order by n limit ?`),
    parameters: [BATCH],
  });
  if (rows.length === 0) return 0;
  const sql = to(`update audit_entries set seq = ?, hash = ? where n = ? and seq is null`);
  let { seq, hash } = end;
  const entries: DriverStatement[] = rows.map(toEntry).map((entry) => {
    seq += 1;
    hash = hashEntry(hash, seq, entry);
    return { sql, parameters: [seq, hash, entry.n], rows: 1 };
  });
  // The fence: of two sealers only one moves the end from where both read it.
  const fence = {
    sql: to(`update audit_chain set seq = ?, hash = ? where one = 1 and seq = ? and hash = ?`),
    parameters: [seq, hash, end.seq, end.hash],
    rows: 1,
  };
  const refusal = await driver.append([fence, ...entries]);
  return refusal === undefined ? rows.length : 0;
}

/** Where the chain ends. */
export async function readEnd(
  driver: Driver,
): Promise<{ readonly seq: number; readonly hash: string }> {
  const { rows } = await driver.query({
    sql: `select seq, hash from audit_chain where one = 1`,
    parameters: [],
  });
  return { seq: Number(rows[0]?.["seq"] ?? 0), hash: String(rows[0]?.["hash"] ?? "") };
}

/** Signs the chain's end, unless that is signed already. */
export async function signEnd(options: SealerOptions): Promise<void> {
  const { driver } = options;
  const end = await readEnd(driver);
  if (end.seq === 0 || (await lastSigned(driver)) === end.seq) return;
  const signed = await signWith(options, { ...end, at: await driver.now() });
  await driver.append([
    {
      sql: placeholders(driver.dialect)(
        `insert into audit_checkpoints (seq, hash, at, signature, key_id) values (?, ?, ?, ?, ?)
          on conflict (seq) do nothing`,
      ),
      parameters: [signed.seq, signed.hash, signed.at, signed.signature, signed.key],
    },
  ]);
}

async function lastSigned(driver: Driver): Promise<number> {
  const { rows } = await driver.query({
    sql: `select coalesce(max(seq), 0) as seq from audit_checkpoints`,
    parameters: [],
  });
  return Number(rows[0]?.["seq"] ?? 0);
}
