import { isObject } from "./keywords.ts";
import { spend } from "./pattern.ts";
import type { Budget } from "./pattern.ts";

/** Whether two JSON values are equal, whatever the order of their keys. Takes a step for each part. */
export function sameJson(left: unknown, right: unknown, budget: Budget): boolean {
  spend(budget, 1);
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length &&
      left.every((each, index) => sameJson(each, right[index], budget))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const names = Object.keys(left);
  spend(budget, names.length / 4);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name], budget))
  );
}
