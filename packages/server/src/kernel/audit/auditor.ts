import type { Clock } from "../../base/index.ts";
import type { AuditFilter, Logger, Secrets } from "../contract/index.ts";
import type { StoreHub } from "../store/index.ts";
import type { AuditEntry } from "./entry.ts";
import { eraseDiffs, listAudit } from "./list.ts";
import { runSealer, sealAll, signEnd } from "./seal.ts";
import { verifyAudit } from "./verify.ts";
import type { AuditVerdict } from "./verify.ts";

/** What the auditor needs. */
export interface AuditorOptions {
  readonly hub: StoreHub;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Signs checkpoints with `derive("audit")`. */
  readonly secrets: Pick<Secrets, "derive">;
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
  /** Walks the whole chain and names the first broken entry. */
  verify(): Promise<AuditVerdict>;
  /** One page of an organization's entries, newest first, sealed or not. */
  list(query: AuditFilter): Promise<readonly AuditEntry[]>;
  /** Erases what changed in one thing; who did what and when, and the chain, stay. */
  erase(of: { readonly organization: string; readonly target: string }): Promise<void>;
}

/**
 * Makes the auditor. An entry is chained within a second of its commit; a checkpoint is signed every hour and at stop.
 *
 * @example
 * const auditor = createAuditor({ hub, clock, logger, secrets });
 * await auditor.start();
 */
export function createAuditor(options: AuditorOptions): Auditor {
  const { driver } = options.hub;
  const key = options.secrets.derive("audit");
  const sealer = { driver, clock: options.clock, logger: options.logger, key };
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
    verify: () => verifyAudit(driver, key),
    list: (query) => listAudit(driver, query),
    erase: (of) => eraseDiffs(driver, of),
  };
}
