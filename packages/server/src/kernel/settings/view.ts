import type { TSchema } from "typebox";
import { leavesOf, REDACTED, redactBySchema, secrecyOf, valueAt } from "../config/index.ts";
import type { Leaf, Pin } from "../config/index.ts";
import { kernelSchema } from "../config/index.ts";
import type { SettingView } from "../contract/index.ts";
import { isReloadable, isStorable } from "./in-force.ts";
import { pointerOf } from "./patch.ts";

/** What is known of one setting. */
export interface SettingState {
  readonly leaf: Leaf;
  readonly plugin: string | null;
  readonly value: unknown;
  readonly pin: Pin | undefined;
  readonly isStored: boolean;
  readonly isPending: boolean;
}

/** One setting as it is shown: a secret never, only whether there is one. */
export function viewOf(state: SettingState): SettingView {
  const { leaf, plugin, value, pin, isStored } = state;
  const { schema } = leaf;
  const secret = secrecyOf(schema) !== undefined;
  const shown = secret ? undefined : redactBySchema(schema, value);
  const fallback = secret || !("default" in schema) ? undefined : schema.default;
  return {
    path: leaf.path.join("."),
    pointer: pointerOf(leaf.path),
    plugin,
    description: descriptionOf(schema),
    ...(shown === undefined ? {} : { value: shown }),
    ...(fallback === undefined ? {} : { default: fallback }),
    source: pin?.kind ?? (isStored ? "stored" : "default"),
    from: pin?.from ?? null,
    secret,
    isSet: value !== undefined,
    reload: isReloadable(leaf),
    pending: state.isPending,
    writable: plugin !== null && pin === undefined && isStorable(leaf),
  };
}

function descriptionOf(schema: TSchema): string | null {
  return "description" in schema && typeof schema.description === "string"
    ? schema.description
    : null;
}

/** The kernel's own settings: shown beside the plugins', never stored. */
export function kernelViews(
  values: Readonly<Record<string, unknown>>,
  pinned: Readonly<Record<string, Pin>>,
): readonly SettingView[] {
  return leavesOf(kernelSchema).map((leaf) =>
    viewOf({
      leaf,
      plugin: null,
      value: valueAt(values, leaf.path),
      pin: pinned[leaf.path.join(".")],
      isStored: false,
      isPending: false,
    }),
  );
}

/** A value in a diff: null where there is none, and nothing of a secret but that there is one. */
export function diffValue({ schema }: Leaf, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  return secrecyOf(schema) === undefined ? redactBySchema(schema, value) : REDACTED;
}
