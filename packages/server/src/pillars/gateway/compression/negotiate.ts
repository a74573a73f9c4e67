import type { Coding } from "./rules.ts";

const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;
/** Old names of the same codings (RFC 9110 §8.4.1). */
const ALIASES: ReadonlyMap<string, string> = new Map([["x-gzip", "gzip"]]);

/**
 * The coding to answer in (RFC 9110 §12.5.3): the one the caller weighs most, of equals the first of `offered`. Undefined
 * to send the body as it is: nothing was asked for, nothing fits, or identity is weighed more.
 */
export function negotiate(
  acceptEncoding: string | undefined,
  offered: readonly Coding[],
): Coding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const weights = weightsOf(acceptEncoding);
  const any = weights.get("*");
  let best: Coding | undefined;
  let bestWeight = weights.get("identity") ?? 0;
  for (const coding of offered) {
    const weight = weights.get(coding) ?? any ?? 0;
    const isBetter = best === undefined ? weight > 0 && weight >= bestWeight : weight > bestWeight;
    if (!isBetter) continue;
    best = coding;
    bestWeight = weight;
  }
  return best;
}

function weightsOf(acceptEncoding: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const part of acceptEncoding.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((each) => each.trim());
    if (name === "") continue;
    weights.set(ALIASES.get(name) ?? name, weightOf(parameters));
  }
  return weights;
}

/** 1 without one; 0 for one that is malformed: what is not understood is not sent. */
function weightOf(parameters: readonly string[]): number {
  const [first] = parameters;
  if (first === undefined) return 1;
  const weight = WEIGHT.exec(first)?.[1];
  return weight === undefined ? 0 : Number(weight);
}
