export { secretErrors } from "./errors.ts";
export { checkKeyring, secretsSchema } from "./guard.ts";
export { fingerprints, openKeyring } from "./keyring.ts";
export type { Keyring, KeyringPlace } from "./keyring.ts";
export { createSecrets, keyNumberOf } from "./seal.ts";
