import type { Clock } from "../../base/index.ts";
import type {
  AuditCheckpoint,
  AuditFilter,
  AuditWalk,
  Logger,
  Secrets,
} from "../contract/index.ts";
import type { StoreHub } from "../store/index.ts";
import type { AuditEntry } from "./entry.ts";
import { eraseDiffs, listAudit, walkAudit } from "./list.ts";
import { runSealer, sealAll, signEnd } from "./seal.ts";
import { publicKeys } from "./signing.ts";
import { readCheckpoints, verifyAudit } from "./verify.ts";
import type { AuditVerdict } from "./verify.ts";

/** What the auditor needs. */
export interface AuditorOptions {
  readonly hub: StoreHub;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Seals the key that signs checkpoints; `derive("audit")` is for those of before there was one. */
  readonly secrets: Pick<Secrets, "derive" | "seal" | "open">;
}

/** The audit as the kernel holds it. */
export interface Auditor {
  /** Takes part in the election of the sealer. */
  start(): Promise<void>;
  /** Where this process is the sealer: seals what is left and signs the chain's end. */
  stop(): Promise<void>;
  /** Seals everything written before the call; returns how many entries this call sealed. */
  seal(): Promise<number>;
  /** Signs the chain's end, unless that is signed already. */
  checkpoint(): Promise<void>;
  /** Walks the whole chain and names the first broken entry; `kept` is a checkpoint that was kept elsewhere. */
  verify(kept?: { readonly seq: number; readonly hash: string }): Promise<AuditVerdict>;
  /** One page of an organization's entries, newest first, sealed or not. */
  list(query: AuditFilter): Promise<readonly AuditEntry[]>;
  /** Entries of one organization or of all, oldest first. */
  walk(query: AuditWalk): Promise<readonly AuditEntry[]>;
  /** The newest checkpoints, in the order of the chain, with the public halves of their keys. */
  checkpoints(newest: number): Promise<readonly AuditCheckpoint[]>;
  /** Erases what changed in one thing; who did what and when, and the chain, stay. */
  erase(of: { readonly organization: string; readonly target: string }): Promise<void>;
}

/**
 * Makes the auditor. An entry is chained within a second of its commit; a checkpoint is signed after 1,000 entries, after 10
 * minutes and at stop.
 *
 * @example
 * const auditor = createAuditor({ hub, clock, logger, secrets });
 * await auditor.start();
 */
export function createAuditor(options: AuditorOptions): Auditor {
  const { driver } = options.hub;
  const { clock, logger, secrets } = options;
  const sealer = { driver, clock, logger, secrets };
  let leave: (() => Promise<void>) | undefined;
  return {
    start: () => {
      leave ??= driver.elect("audit.sealer", { run: (signal) => runSealer(sealer, signal) });
      return Promise.resolve();
    },
    stop: async () => {
      await leave?.();
      leave = undefined;
    },
    seal: () => sealAll(sealer),
    checkpoint: () => signEnd(sealer),
    verify: (kept) => verifyAudit(sealer, kept),
    list: (query) => listAudit(driver, query),
    walk: (query) => walkAudit(driver, query),
    checkpoints: async (newest) => {
      const keys = await publicKeys(sealer);
      const found = await readCheckpoints(driver, newest);
      return found.map((one) => ({ ...one, publicKey: keys.get(one.key ?? "") ?? null }));
    },
    erase: (of) => eraseDiffs(driver, of),
  };
}
