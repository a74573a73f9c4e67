import { problem, raiser } from "../../base/index.ts";
import type { Raise } from "../../base/index.ts";

/** What the stored settings refuse. */
export const settingsErrors = {
  "settings.invalid": problem(
    422,
    "{count} of the settings cannot be stored. Nothing was changed; `errors` names each by its pointer.",
    "Values are held to the same schemas as the configuration file. GET /admin/config lists every setting.",
  ),
  "settings.pinned": problem(
    409,
    "{list}: what a file, a variable or a flag says is not overridden. Change it there, or take it out there.",
    "Stored values stand between the defaults and the configuration file, so that whoever runs the server has the last word.",
  ),
  "settings.nothingToUndo": problem(
    409,
    "There is no change to take back: none was made, or the last one was taken back already.",
  ),
} as const;

/** Makes problems `settings.*`. */
export const raiseSettings: Raise<typeof settingsErrors> = raiser(settingsErrors);
