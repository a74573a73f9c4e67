/** What one plugin offers others at run time, under a string id with a version (`keys.verify@1`). */
export interface Capability<TFace> {
  readonly id: string;
  /** Carries the type only; never set. */
  readonly face?: TFace;
}

/**
 * Declares a capability; the plugin lists it in `provides` and returns the value from `start`.
 *
 * @example
 * export const Keys = capability<{ verify(key: string): Promise<Verdict> }>("keys@1");
 */
export function capability<TFace>(id: string): Capability<TFace> {
  return { id };
}

/** A capability with its value, as returned from `start`. */
export interface Provided {
  readonly capability: string;
  readonly value: unknown;
}

/** Pairs a capability with its value. */
export function provide<TFace>(to: Capability<TFace>, value: TFace): Provided {
  return { capability: to.id, value };
}
