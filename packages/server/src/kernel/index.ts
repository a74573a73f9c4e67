export * from "./contract/index.ts";
export {
  canonicalJson,
  crc32Base62,
  equalSecrets,
  fillRandom,
  hmacSha256,
  idAt,
  idMaker,
  isId,
  isProblem,
  isSlug,
  ok,
  parseDuration,
  parseExact,
  parseJson,
  parseRate,
  Problem,
  problem,
  raiser,
  randomBase62,
  refused,
  sha256,
  systemClock,
  toRfc3339,
} from "../base/index.ts";
export type {
  Clock,
  IdSource,
  JsonFault,
  JsonLimits,
  MakeId,
  ProblemDefinition,
  ProblemOptions,
  ProblemPlace,
  ProblemTable,
  Raise,
  Rate,
  Result,
} from "../base/index.ts";
export { accepted, addressBucket, checkRevision, listOf, pageQuery } from "./http/index.ts";
export { followLog } from "./log/index.ts";
export type { FollowedEvent, FollowQuery } from "./log/index.ts";
export { limitTexts, RateLimit, RateLimits, readLimit } from "./limits/index.ts";
export type { LimitPolicy, LimitReference } from "./limits/index.ts";
export { secret } from "./config/index.ts";
export { countPages, STATISTIC_PAGE } from "./statistics/index.ts";
export { statement } from "./store/index.ts";
export { can, challengesOf, covers, grants, mayGive, meets, raiseAccess } from "./access/index.ts";
export type { Action, PermissionScope } from "./access/index.ts";
export { redactFields, redactText } from "./telemetry/index.ts";
export { limitsUnavailable, rateLimited, rateLimitHeaders, sendProblem } from "./http/index.ts";
