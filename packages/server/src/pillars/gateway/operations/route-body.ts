import { Type } from "typebox";

const OrNull = { description: "Null where there is none." };

/** A route as it is shown: what of its own and its API's settings counts for it. */
export const RouteBody = Type.Object({
  id: Type.String(),
  api: Type.String(),
  version: Type.Union([Type.String(), Type.Null()], {
    description:
      "The one version that has it; null where there are no versions, or several have it.",
  }),
  versions: Type.Array(Type.String(), { description: "The versions that have it." }),
  name: Type.String(),
  host: Type.Union([Type.String(), Type.Null()], OrNull),
  path: Type.String({ description: "Its template, base path included." }),
  methods: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description: "Null for every method.",
  }),
  upstream: Type.String(),
  auth: Type.String(),
  permissions: Type.Array(Type.String()),
  rateLimit: Type.Array(Type.String()),
  emits: Type.Array(Type.String()),
  description: Type.Union([Type.String(), Type.Null()], OrNull),
  deprecated: Type.Boolean(),
  source: Type.String({ description: "`config` or `api`: who may change it." }),
  active: Type.Boolean({ description: "Whether calls are routed by it now." }),
  problem: Type.Union([Type.String(), Type.Null()], {
    description: "Why a row is not in force; null otherwise.",
  }),
  revision: Type.Integer({ description: "0 for what the configuration says." }),
  createdAt: Type.Union([Type.String(), Type.Null()]),
  updatedAt: Type.Union([Type.String(), Type.Null()]),
});
