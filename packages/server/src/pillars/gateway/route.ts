import type { Auth } from "./settings.ts";
import type { UpstreamPool } from "./upstream/index.ts";
import type { EmitRule } from "./emit-rule.ts";

/** One API as compiled: everything a call needs, looked up once. */
export interface Api {
  readonly id: string;
  readonly basePath: string;
  readonly host: string | undefined;
  readonly pool: UpstreamPool;
  /** `Host` that the upstream is sent; undefined to pass the caller's on. */
  readonly upstreamHost: string | undefined;
  /** Put before the forwarded path: the path of the upstream's address. */
  readonly upstreamPath: string;
  /** Characters of the path that are not forwarded. */
  readonly stripLength: number;
  readonly forwardsCredentials: boolean;
  readonly sendsIdentity: boolean;
  /** 0 for no limit. */
  readonly bodyBytesMax: number;
  readonly emitBodyBytesMax: number;
}

/** One route as compiled. */
export interface Route {
  readonly id: string;
  readonly api: Api;
  /** `/invoices/{id}` with the API's base path; `/*` at its end takes all below. */
  readonly template: string;
  /** Undefined for every method. */
  readonly methods: readonly string[] | undefined;
  readonly auth: Auth;
  readonly permissions: readonly string[];
  readonly rates: readonly string[];
  readonly emits: readonly EmitRule[];
}

/** What a path leads to. */
export type Match =
  | { readonly kind: "route"; readonly route: Route }
  | { readonly kind: "wrongMethod"; readonly allowed: string }
  /** An API owns the path, but none of its routes has it. */
  | { readonly kind: "noRoute"; readonly api: Api };
