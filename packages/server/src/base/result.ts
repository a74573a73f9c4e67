/** An expected outcome: a value, or the reason why there is none. For what is not exceptional. */
export type Result<TValue, TReason> =
  { readonly ok: true; readonly value: TValue } | { readonly ok: false; readonly reason: TReason };

/** The good outcome. */
export function ok<TValue>(value: TValue): { readonly ok: true; readonly value: TValue } {
  return { ok: true, value };
}

/** The other outcome. */
export function refused<TReason>(reason: TReason): {
  readonly ok: false;
  readonly reason: TReason;
} {
  return { ok: false, reason };
}
