/** One route, as it is shown. */
export interface RouteView {
  /** `route_…` for a row of the API, else its name, or API, methods and path. */
  readonly id: string;
  readonly api: string;
  /** The one version that has it; null when its API has no versions, or several have it. */
  readonly version: string | null;
  /** The versions that have it; empty when its API has none. */
  readonly versions: readonly string[];
  readonly name: string;
  readonly host: string | null;
  /** The template, base path included. */
  readonly path: string;
  /** Null for every method. */
  readonly methods: readonly string[] | null;
  readonly upstream: string;
  readonly auth: "none" | "key" | "token" | "either";
  readonly permissions: readonly string[];
  readonly rateLimit: readonly string[];
  /** Types of the events that successful calls make. */
  readonly emits: readonly string[];
  readonly description: string | null;
  readonly deprecated: boolean;
  /** Who may change it: the configuration file, or the API. */
  readonly source: "config" | "api";
  /** Whether calls are routed by it now. */
  readonly active: boolean;
  /** Why a row of the API is not in force here; null otherwise. */
  readonly problem: string | null;
  /** 0 for what the configuration says. */
  readonly revision: number;
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
}
