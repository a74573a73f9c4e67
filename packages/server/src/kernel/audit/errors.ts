import { problem, raiser } from "../../base/index.ts";

/** What the audit refuses. */
export const auditErrors = {
  "audit.badDiff": problem(500, "The change noted for the audit is not JSON."),
};

/** Makes the audit's problems. */
export const raiseAudit = raiser(auditErrors);
