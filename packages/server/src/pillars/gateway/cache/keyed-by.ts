import type { CallerPart } from "./policy.ts";

/** What must be part of the key of stored replies, since transforms write it into requests or replies. */
export interface KeyedBy {
  /** Request headers, lower case. */
  readonly vary: readonly string[];
  readonly ofCaller: readonly CallerPart[];
}

/** Where nothing is transformed. */
export const NOTHING_MORE: KeyedBy = { vary: [], ofCaller: [] };

const HEADER = /\{request\.header\.([^{}]+)\}/g;
const OF_CALLER = /\{caller\.(subject|kind|credential|environment)\}/g;
const ALL: readonly CallerPart[] = ["subject", "kind", "credential", "environment"];

/**
 * Reads what the templates of an API and its route speak of. What code of the operator looks at nobody can tell: with
 * hooks each caller has replies of his own. The organization is part of every key.
 */
export function keyedBy(
  layers: readonly { readonly transform?: unknown; readonly hooks?: unknown }[],
): KeyedBy {
  const text = layers.map(({ transform }) => JSON.stringify(transform ?? null)).join("\n");
  const vary = [...text.matchAll(HEADER)].map(([, name = ""]) => name.toLowerCase());
  const parts = [...text.matchAll(OF_CALLER)].map(([, part]) => part as CallerPart);
  const hasHooks = layers.some(({ hooks }) => hooks !== undefined);
  return { vary, ofCaller: hasHooks ? ALL : [...new Set(parts)] };
}
