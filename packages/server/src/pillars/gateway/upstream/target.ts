import type { Clock } from "portico/kernel";
import type { Choice } from "./balance.ts";
import { CircuitBreaker } from "./breaker.ts";
import type { BreakerSettings, BreakerState, Outcome } from "./breaker.ts";
import type { UpstreamAddress } from "./connection.ts";
import { Ejection } from "./ejection.ts";
import type { EjectionSettings } from "./ejection.ts";
import { HealthCheck } from "./health-check.ts";
import type { HealthCheckSettings } from "./health-check.ts";
import { UpstreamPool } from "./pool.ts";

/** One address of a group. */
export interface TargetOptions {
  readonly address: UpstreamAddress;
  /** What it is sent as `Host`; also its name in logs. */
  readonly host: string;
  readonly weight: number;
}

/** How the targets of a group are watched; what is left out is not done. */
export interface WatchOptions {
  readonly active?: HealthCheckSettings;
  readonly passive?: EjectionSettings;
  readonly breaker?: BreakerSettings;
}

/** Why a target changed. */
export type TargetChange = "healthy" | "unhealthy" | "ejected" | BreakerState;

/** What a target is made of. */
export interface TargetParts extends WatchOptions {
  readonly target: TargetOptions;
  readonly connectionsMax: number;
  readonly keepAliveMs: number;
  readonly clock: Clock;
  readonly changed: (change: TargetChange, detail: string) => void;
}

/** One target of a group: its connections, and whether it may be called. */
export class Target implements Choice {
  readonly host: string;
  readonly weight: number;
  readonly pool: UpstreamPool;
  inFlight = 0;
  credit = 0;
  readonly #intervalMs: number;
  readonly #check: HealthCheck | undefined;
  readonly #ejection: Ejection | undefined;
  readonly #breaker: CircuitBreaker | undefined;
  #isHealthy = true;

  constructor(parts: TargetParts) {
    const { target, connectionsMax, keepAliveMs, clock, active, passive, breaker, changed } = parts;
    const { address, host, weight } = target;
    this.host = host;
    this.weight = weight;
    this.pool = new UpstreamPool({ address, connectionsMax, keepAliveMs, clock });
    this.#intervalMs = active?.intervalMs ?? 0;
    if (passive !== undefined) {
      const detail = `${passive.failures} calls failed within ${passive.windowMs} ms`;
      this.#ejection = new Ejection(passive, () => changed("ejected", detail));
    }
    if (breaker !== undefined) {
      this.#breaker = new CircuitBreaker(breaker, (state) => changed(state, "circuit breaker"));
    }
    if (active === undefined) return;
    this.#check = new HealthCheck({
      settings: active,
      address,
      host,
      clock,
      changed: (isHealthy, detail) => {
        this.#isHealthy = isHealthy;
        changed(isHealthy ? "healthy" : "unhealthy", detail);
      },
    });
    this.#check.start();
  }

  /** How long until it may be called, as far as is known; 0 when it may be now. */
  waitMs(now: number): number {
    const ill = this.#isHealthy ? 0 : this.#intervalMs;
    return Math.max(ill, this.#ejection?.waitMs(now) ?? 0, this.#breaker?.waitMs(now) ?? 0);
  }

  began(now: number): void {
    this.inFlight += 1;
    this.#breaker?.began(now);
  }

  /** What a call told of it; more than once for a reply that was cut. */
  learn(outcome: Outcome, now: number): void {
    this.#breaker?.ended(outcome, now);
    if (outcome === "failed") this.#ejection?.failed(now);
  }

  drain(): void {
    this.#check?.stop();
    this.pool.drain();
  }
}
