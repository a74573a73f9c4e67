import { Buffer } from "node:buffer";
import { equalSecrets } from "../../base/index.ts";
import { placeholders } from "../log/index.ts";
import type { Driver } from "../store/index.ts";
import { ENTRY_COLUMNS, hashDiff, hashEntry, toEntry } from "./entry.ts";
import type { AuditEntry, Checkpoint } from "./entry.ts";
import { readEnd } from "./seal.ts";
import { checker } from "./signing.ts";
import type { SignedCheckpoint, SigningOptions } from "./signing.ts";

const BATCH = 1_000;

/** What a walk along the chain found. */
export type AuditVerdict =
  | {
      readonly intact: true;
      /** Sealed entries, all as they were written. */
      readonly entries: number;
      readonly checkpoints: number;
      /** Entries whose diff was erased; their hashes stand. */
      readonly erased: number;
    }
  | {
      readonly intact: false;
      /** Place of the first broken entry, or where one is missing. */
      readonly seq: number;
      readonly id: string | undefined;
      readonly reason: "changed" | "diffChanged" | "missing" | "badSignature" | "rewritten";
    };

interface Walk {
  seq: number;
  hash: string;
  erased: number;
}

/**
 * Walks the whole chain. `changed`: an entry differs from what was sealed; `diffChanged`: its diff does; `missing`: an
 * entry is gone, be it the last; `badSignature`: a checkpoint is not ours; `rewritten`: the chain fits together but is
 * not the one a checkpoint vouches for. `kept` is a checkpoint from elsewhere, such as an export: with it a tail is missed
 * even where the checkpoints were taken out with it.
 */
export async function verifyAudit(
  options: SigningOptions,
  kept?: Pick<Checkpoint, "seq" | "hash">,
): Promise<AuditVerdict> {
  const { driver } = options;
  const checkpoints = await readCheckpoints(driver);
  const isOurs = await checker(options);
  const forged = checkpoints.find((checkpoint) => !isOurs(checkpoint));
  if (forged !== undefined) return broken(forged.seq, undefined, "badSignature");
  const vouched = new Map(checkpoints.map((checkpoint) => [checkpoint.seq, checkpoint.hash]));
  // What its owner has kept elsewhere is believed before anything that the database says.
  if (kept !== undefined) vouched.set(kept.seq, kept.hash);
  const end = await readEnd(driver);
  const walk: Walk = { seq: 0, hash: "", erased: 0 };
  for (;;) {
    const entries = await readEntries(driver, walk.seq, end.seq);
    for (const entry of entries) {
      const reason = step(walk, entry, vouched);
      if (reason !== undefined) return broken(walk.seq, entry.id, reason);
    }
    if (entries.length < BATCH) break;
  }
  const last = Math.max(end.seq, ...vouched.keys());
  if (walk.seq < last) return broken(walk.seq + 1, undefined, "missing");
  if (!isSame(walk.hash, end.hash)) return broken(walk.seq, undefined, "changed");
  return {
    intact: true,
    entries: walk.seq,
    checkpoints: checkpoints.length,
    erased: walk.erased,
  };
}

function step(
  walk: Walk,
  entry: AuditEntry,
  vouched: ReadonlyMap<number, string>,
): "changed" | "diffChanged" | "missing" | "rewritten" | undefined {
  walk.seq += 1;
  if (entry.seq !== walk.seq) return "missing";
  walk.hash = hashEntry(walk.hash, walk.seq, entry);
  if (!isSame(walk.hash, entry.hash)) return "changed";
  if (entry.diff === null) walk.erased += 1;
  else if (!isSame(hashDiff(entry.diff), entry.diffHash)) return "diffChanged";
  const hash = vouched.get(walk.seq);
  return hash === undefined || isSame(hash, walk.hash) ? undefined : "rewritten";
}

function broken(
  seq: number,
  id: string | undefined,
  reason: Extract<AuditVerdict, { intact: false }>["reason"],
): AuditVerdict {
  return { intact: false, seq, id, reason };
}

async function readEntries(
  driver: Driver,
  after: number,
  upTo: number,
): Promise<readonly AuditEntry[]> {
  const { rows } = await driver.query({
    sql: placeholders(driver.dialect)(
      `select ${ENTRY_COLUMNS} from audit_entries where seq > ? and seq <= ? order by seq limit ?`,
    ),
    parameters: [after, upTo, BATCH],
  });
  return rows.map(toEntry);
}

/** Every checkpoint, or the newest of them, in the order of the chain. */
export async function readCheckpoints(
  driver: Driver,
  newest: number = Number.MAX_SAFE_INTEGER,
): Promise<readonly SignedCheckpoint[]> {
  const { rows } = await driver.query({
    sql: placeholders(driver.dialect)(
      `select seq, hash, at, signature, key_id from audit_checkpoints order by seq desc limit ?`,
    ),
    parameters: [newest],
  });
  return rows.toReversed().map((row) => ({
    seq: Number(row["seq"]),
    hash: String(row["hash"]),
    at: Number(row["at"]),
    signature: String(row["signature"]),
    key: row["key_id"] === null ? null : String(row["key_id"]),
  }));
}

function isSame(left: string, right: string | null): boolean {
  return right !== null && equalSecrets(Buffer.from(left), Buffer.from(right));
}
