/**
 * The audit: who did what to what, and when.
 *
 * `createAuditWriter` puts an entry into the transaction of the deed, with the SHA-256 of its diff. Within a second the
 * sealer, one elected process, chains committed entries: each hash covers the one before it, so no entry can be changed
 * or taken out unnoticed. After 1,000 entries, after ten minutes and at stop it signs the chain's end with an Ed25519 key that the keyring seals,
 * so the chain cannot be rewritten by whoever has the database alone. `verify` walks it and names the first broken entry.
 * Diffs can be erased; hashes stay. Emits nothing. Needs the store, a clock and one derived key.
 */
export { createAuditor } from "./auditor.ts";
export type { Auditor, AuditorOptions } from "./auditor.ts";
export { auditErrors } from "./errors.ts";
export type { AuditEntry } from "./entry.ts";
export { auditSchema } from "./tables.ts";
export type { AuditVerdict } from "./verify.ts";
export { createAuditWriter } from "./write.ts";
export type { AuditWriterOptions } from "./write.ts";
