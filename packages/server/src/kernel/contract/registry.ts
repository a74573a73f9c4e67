import type { ProblemDefinition } from "../../base/index.ts";
import { capability } from "./capability.ts";
import type { EventTypeDefinition } from "./event.ts";
import type { Operation } from "./operation.ts";

/** Everything that is declared in the running server, by the kernel and by plugins. Nothing of it ever changes. */
export interface RegistryFace {
  readonly plugins: readonly { readonly id: string; readonly version: string }[];
  readonly operations: readonly RegisteredOperation[];
  /** In the order of their codes. */
  readonly errors: readonly RegisteredError[];
  readonly permissions: readonly RegisteredPermission[];
  readonly events: readonly RegisteredEvent[];
  /** A problem document of one code as a caller reads it, with made-up values; undefined for an unknown code. */
  readonly exampleOf: (code: string) => Readonly<Record<string, unknown>> | undefined;
  /** OpenAPI 3.1 of every operation, with examples, refusals and permissions. Made once. */
  openapi(): Readonly<Record<string, unknown>>;
}

/** An operation and whose it is. */
export interface RegisteredOperation {
  readonly plugin: string;
  readonly operation: Operation;
  /** Every code it may be refused with: derived of its declaration, and its own. */
  readonly refusals: readonly string[];
}

/** A code and what it means wherever it is answered. */
export interface RegisteredError {
  readonly owner: string;
  readonly code: string;
  readonly definition: ProblemDefinition;
}

/** A permission that may be granted. */
export interface RegisteredPermission {
  readonly owner: string;
  readonly name: string;
  readonly label: string;
  readonly scope: "organization" | "instance";
}

/** An event type that may be subscribed to. */
export interface RegisteredEvent {
  readonly owner: string;
  readonly type: string;
  readonly definition: EventTypeDefinition;
}

/**
 * `kernel.registry@1`: the kernel's own capability; no plugin needs to be listed in `needs` for it. There from the
 * moment requests are taken, not yet in `start`.
 */
export const Registry = capability<RegistryFace>("kernel.registry@1");
