import { capability } from "./capability.ts";
import type { CheckResult } from "./points.ts";

/** How the server is, for people and their dashboards. */
export interface HealthReport {
  readonly status: "ok" | "degraded" | "fail";
  readonly version: string;
  /** Seconds since the start. */
  readonly uptime: number;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

/** What the probes of the server tell whoever may see it all. */
export interface HealthFace {
  /** All checks with their details, each bounded to 500 ms; at most once a second whoever asks. */
  report(): Promise<HealthReport>;
  /** The text of `/metrics` with its media type. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** `kernel.health@1`: the kernel's own capability; no plugin needs to be listed in `needs` for it. */
export const Health = capability<HealthFace>("kernel.health@1");
