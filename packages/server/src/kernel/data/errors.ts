import { problem, raiser } from "../../base/index.ts";

/** Errors of the data folder and of the control socket. */
export const dataErrors = {
  "data.locked": problem(
    503,
    "Another Portico process uses the data folder {folder}. Stop it first, or choose another folder with PORTICO_DATA.",
    "On SQLite exactly one server process may use a data folder. The lock ends with the process that holds it; there is nothing to delete after a crash.",
  ),
  "data.unusable": problem(
    500,
    "The data folder {folder} cannot be used: {why}. Create it for this user, or choose another one with PORTICO_DATA.",
  ),
  "data.notRunning": problem(
    503,
    "No server answers at {socket}.",
    "The command needs a running server on the same data folder.",
  ),
  "data.unknownCommand": problem(
    404,
    "The running server knows no command '{command}'. It may be of another version than this command line.",
  ),
  "data.commandFailed": problem(
    500,
    "The running server failed at '{command}'. Its log tells why.",
  ),
} as const;

export const raise = raiser(dataErrors);
