export { idAt, idMaker, isId, isSlug } from "./ids.ts";
export type { IdSource, MakeId } from "./ids.ts";
export { parseExact } from "./exact-json.ts";
export { canonicalJson, parseJson } from "./json.ts";
export type { JsonFault, JsonLimits, JsonRefusal } from "./json.ts";
export { parseDuration, parseRate, systemClock, toRfc3339 } from "./time.ts";
export type { Clock, Rate } from "./time.ts";
export { isProblem, Problem, problem, raiser } from "./problem.ts";
export type {
  ProblemDefinition,
  ProblemOptions,
  ProblemPlace,
  ProblemTable,
  Raise,
} from "./problem.ts";
export { ok, refused } from "./result.ts";
export type { Result } from "./result.ts";
export {
  crc32Base62,
  equalSecrets,
  fillRandom,
  hmacSha256,
  randomBase62,
  sha256,
} from "./crypto.ts";
