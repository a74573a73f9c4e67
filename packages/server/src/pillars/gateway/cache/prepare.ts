import type { Call } from "../call.ts";
import { editsOf } from "../edits.ts";
import type { CacheCall } from "./cache-call.ts";
import { validatorsOf } from "./conditional.ts";
import type { Entry } from "./entry.ts";
import { UNKEYED } from "./policy.ts";
import type { CachePolicy } from "./policy.ts";

/** Takes away what some servers act on and no key knows of: else one caller could choose what others are served. */
export function holdBack(call: Call, policy: CachePolicy): void {
  const { rawHeaders } = call.front.request;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    if (UNKEYED.has(name) && !policy.vary.includes(name)) editsOf(call).headers.set(name, []);
  }
}

/** Replaces the caller's conditions by ours: his are judged here, when it is known what is right. */
export function validate(call: Call, cached: CacheCall, entry: Entry): void {
  const validators = validatorsOf(entry.headers);
  if (validators.length === 0) return;
  cached.isValidating = true;
  const { headers } = editsOf(call);
  headers.set("if-none-match", []);
  headers.set("if-modified-since", []);
  for (const [name, value] of validators) headers.set(name.toLowerCase(), [value]);
}
