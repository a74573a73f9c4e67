import { problem, raiser } from "../../base/index.ts";

/** Errors of the keyring and of sealed text. */
export const secretErrors = {
  "secrets.keyringUnreadable": problem(
    500,
    "The keyring {file} cannot be read: {why}. Restore it from where it is kept; without it sealed values are lost.",
  ),
  "secrets.keyringMissing": problem(
    500,
    "There is no keyring at {file}, but it was asked for, or the database beside it holds values sealed with one. Put the keyring.json of this installation there.",
  ),
  "secrets.keyringExposed": problem(
    500,
    "The keyring {file} may be read by other users (mode {mode}). Run: chmod 600 {file}",
  ),
  "secrets.unknownKey": problem(
    500,
    "A value is sealed with key number {number}, which the keyring does not hold. Put back the keyring that holds it.",
  ),
  "secrets.wrongKeyring": problem(
    500,
    "Key number {number} of the keyring is not the one this installation's values were sealed with. Put the keyring.json of this installation in place; on PostgreSQL every process needs the same one (PORTICO_KEYRING_FILE).",
  ),
  "secrets.unopenable": problem(
    500,
    "A sealed value cannot be opened: it was altered, or moved from where it was sealed.",
  ),
} as const;

export const raise = raiser(secretErrors);
