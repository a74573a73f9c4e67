import { accessErrors } from "../access/index.ts";
import { auditErrors } from "../audit/index.ts";
import {
  ApiDocuments,
  Authenticators,
  CallerGuards,
  Checks,
  CliVerbs,
  Explainers,
  FailureObservers,
  Fronts,
  Intakes,
  Limiters,
  Mounts,
  Pages,
  Permissions,
  PublicKeys,
  RequestObservers,
  EventJudges,
  Retention,
  Statistics,
  Timeline,
  type EventTypeDefinition,
  type PermissionDefinition,
  type Point,
} from "../contract/index.ts";
import { configErrors } from "../config/index.ts";
import { dataErrors } from "../data/index.ts";
import { httpErrors, httpPermissions, type OwnedErrors } from "../http/index.ts";
import { jobErrors, jobEvents } from "../jobs/index.ts";
import { logErrors } from "../log/index.ts";
import { outboundErrors } from "../outbound/index.ts";
import { scheduleErrors, scheduleEvents } from "../schedules/index.ts";
import { secretErrors } from "../secrets/index.ts";
import { settingsErrors } from "../settings/index.ts";
import { storeErrors } from "../store/index.ts";
import { tokenErrors } from "../tokens/index.ts";
import { appErrors } from "./errors.ts";

/** The major of the plugin contract. A plugin names it in `engine`. */
export const ENGINE_MAJOR = 1;

/** The points the kernel itself reads. */
export const kernelPoints: readonly Point<unknown>[] = [
  Authenticators,
  CallerGuards,
  Limiters,
  Fronts,
  Pages,
  Intakes,
  Mounts,
  Permissions,
  PublicKeys,
  ApiDocuments,
  RequestObservers,
  FailureObservers,
  Explainers,
  Checks,
  Timeline,
  EventJudges,
  Retention,
  Statistics,
  CliVerbs,
];

/** The kernel's own permissions. */
export const kernelPermissions: Readonly<Record<string, PermissionDefinition>> = {
  ...httpPermissions,
  "server:write": { label: "Operate the server", scope: "instance" },
};

/** What the kernel itself puts on the log. Only it may: publishing these from outside is refused. */
export const kernelEvents: Readonly<Record<string, EventTypeDefinition>> = {
  ...jobEvents,
  ...scheduleEvents,
};

/** Every error table of the kernel, by room. */
export const kernelErrors: readonly OwnedErrors[] = [
  { owner: "request", errors: httpErrors },
  { owner: "access", errors: accessErrors },
  { owner: "store", errors: storeErrors },
  { owner: "log", errors: logErrors },
  { owner: "jobs", errors: jobErrors },
  { owner: "schedules", errors: scheduleErrors },
  { owner: "audit", errors: auditErrors },
  { owner: "outbound", errors: outboundErrors },
  { owner: "secrets", errors: secretErrors },
  { owner: "tokens", errors: tokenErrors },
  { owner: "settings", errors: settingsErrors },
  { owner: "data", errors: dataErrors },
  { owner: "config", errors: configErrors },
  { owner: "app", errors: appErrors },
];
