import { definePlugin } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { adminErrors } from "./errors.ts";
import { getConfig } from "./operations/get-config.ts";
import { getHealth } from "./operations/get-health.ts";
import { getMetrics } from "./operations/get-metrics.ts";
import { getStats } from "./operations/get-stats.ts";
import { undoConfig } from "./operations/undo-config.ts";
import { updateConfig } from "./operations/update-config.ts";
import { adminPermissions } from "./permissions.ts";

/** Statistics, health, metrics and settings of the installation, for those who run it. */
export const admin: AnyPlugin = definePlugin({
  id: "admin",
  version: "1.0.0",
  engine: "^1",
  permissions: adminPermissions,
  errors: adminErrors,
  operations: [getStats, getHealth, getMetrics, getConfig, updateConfig, undoConfig],
});
