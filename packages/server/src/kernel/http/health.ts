import { Type } from "typebox";
import {
  operation,
  reply,
  type Caller,
  type CheckResult,
  type HealthReport,
  type Operation,
  type PermissionDefinition,
  type PluginContext,
} from "../contract/index.ts";
import type { KernelAccess } from "../access/index.ts";
import type { BoundOperation } from "./options.ts";
import type { Probes } from "./probes.ts";

/** Permissions of this room. */
export const httpPermissions: Readonly<Record<string, PermissionDefinition>> = {
  "server:read": { label: "See the server's health in detail and its metrics", scope: "instance" },
};

/** The one operation that also answers below no prefix. */
export const HEALTH_ID = "server.health";

const CheckReport = Type.Object({
  status: Type.Union([Type.Literal("ok"), Type.Literal("warn"), Type.Literal("fail")]),
  latencyMs: Type.Optional(Type.Number({ description: "Milliseconds the check took." })),
  detail: Type.Optional(Type.String({ description: "For administrators only." })),
  fix: Type.Optional(Type.String({ description: "For administrators only." })),
});
const Health = Type.Object({
  status: Type.Union([Type.Literal("ok"), Type.Literal("degraded"), Type.Literal("fail")]),
  version: Type.String(),
  uptime: Type.Integer({ description: "Seconds since the start." }),
  checks: Type.Record(Type.String(), CheckReport),
});

/** `GET /api/v1/health`: how the server is; 503 when its database does not answer. */
function healthOperation(probes: Probes, access: KernelAccess): Operation {
  return operation({
    id: HEALTH_ID,
    method: "GET",
    path: "/health",
    summary: "How the server is",
    description:
      "Open to all; details and checks beyond the database are shown to callers with `server:read`. Answers 503 with the same body when the database does not answer.",
    access: "public",
    mode: "read",
    replies: { 200: Health, 503: Health },
    example: {},
    async handle({ caller }) {
      const report = await probes.health();
      return reply(report.status === "fail" ? 503 : 200, visibleTo(report, access, caller));
    },
  });
}

function visibleTo(report: HealthReport, access: KernelAccess, caller: Caller): unknown {
  if (access.can(caller, "server:read").allowed) return report;
  const { database } = report.checks;
  const shown = database === undefined ? {} : { database: withoutText(database) };
  return { ...report, checks: shown };
}

function withoutText({ status, latencyMs }: CheckResult): Omit<CheckResult, "detail"> {
  return latencyMs === undefined ? { status } : { status, latencyMs };
}

/** The kernel's own operation, to be served beside the plugins'. */
export function boundHealth({
  probes,
  access,
}: {
  readonly probes: Probes;
  readonly access: KernelAccess;
}): BoundOperation {
  // It reads nothing of a context, and no plugin stands behind it whose context it could have.
  const ctx = Object.freeze({}) as unknown as PluginContext;
  return { operation: healthOperation(probes, access), plugin: "server", ctx };
}
