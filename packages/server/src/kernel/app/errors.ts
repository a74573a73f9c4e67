import { problem, raiser } from "../../base/index.ts";

/** Errors of assembling and running a server. */
export const appErrors = {
  "app.invalid": problem(
    500,
    "The server cannot be assembled: {count} mistake(s) in its plugins.\n{list}",
    "Each mistake names the plugin, what was found and what was expected. Correct all of them and start again.",
  ),
  "app.notNeeded": problem(
    500,
    "Plugin '{plugin}' asked for the capability '{capability}', which no plugin it needs provides.",
    "List the providing plugin's id in `needs`, so that it is started first.",
  ),
  "app.startFailed": problem(500, "Plugin '{plugin}' failed to start."),
  "app.stopTimeout": problem(500, "Stopping took longer than {deadlineMs} ms."),
  "app.unknownOperation": problem(404, "No operation has the id '{operation}'."),
} as const;

export const raise = raiser(appErrors);
