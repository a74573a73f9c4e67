export { addressBucket } from "./client-address.ts";
export { createHttp } from "./create-http.ts";
export { httpErrors } from "./errors.ts";
export { checkRevision } from "./headers.ts";
export { httpPermissions } from "./health.ts";
export type {
  BoundOperation,
  BoundPage,
  CallInput,
  CallReply,
  HttpConfig,
  HttpOptions,
  InjectReply,
  InjectRequest,
  OwnedErrors,
  PorticoHttp,
} from "./options.ts";
export { createProbes } from "./probes.ts";
export type { ProbeOptions, Probes } from "./probes.ts";
export { sendProblem } from "./problem-reply.ts";
export type { ProblemOccurrence } from "./problem-reply.ts";
export { limitsUnavailable, rateLimited, rateLimitHeaders } from "./rate-limit.ts";
export { createRegistry } from "./registry.ts";
export type { RegistryOptions } from "./registry.ts";
export { httpSchema } from "./schema.ts";
export { accepted, findShapeMistakes, listOf, pageQuery } from "./shapes.ts";
