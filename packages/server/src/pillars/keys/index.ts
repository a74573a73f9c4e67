/**
 * Keys: the credentials of programs.
 *
 * Nouns: key (`ptc_live_<id>_<secret><checksum>`, shown once, kept as a hash), environment (a label), caller (who a key makes
 * of a request).
 * One request: the authenticator takes the key out of `Authorization: Bearer` or `X-API-Key` → a key seen before is found
 * in memory by its text, without a hash or an await (`cache.ts`) → else form and checksum, one row, one comparison in
 * constant time (`verify.ts`) → expiry, every time → the caller. All refusals look alike from outside.
 * One revocation: the row, `key.revoked` and the change mark in one transaction; this process is told before the commit,
 * the others by the change feed; a feed that is not read for a second makes memory worthless.
 * It emits `key.created` and `key.revoked`, fills `kernel.authenticators@1` and `kernel.cli@1`, offers `keys@1`, needs nobody.
 */
export { Keys } from "./capability.ts";
export type { CreateKeyOptions, KeysFace, KeyVerdict } from "./capability.ts";
export type { NewKey } from "./create.ts";
export { keys } from "./plugin.ts";
export type { Refusal } from "./verify.ts";
export type { KeyView } from "./view.ts";
