import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { explainRequest } from "../explain/index.ts";
import { DecisionView } from "../requests/index.ts";

const Nullable = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

/** `POST /requests/explain`: what would be decided about a request, without sending it. */
export const explain: Operation = operation({
  id: "insight.explain",
  method: "POST",
  path: "/requests/explain",
  summary: "Explain what would be decided about a request",
  description:
    "Decides on paper: route, key, permission, limits. Nothing is counted, stored or sent to an upstream. The sender is the key of `keyId`, the credential among the headers, or nobody.",
  access: "insight:read",
  mode: "read",
  audit: "none",
  body: Type.Object(
    {
      method: Type.String({ pattern: "^[A-Za-z]{1,16}$" }),
      path: Type.String({ minLength: 1, maxLength: 8_192, description: "With its query." }),
      headers: Type.Optional(Type.Record(Type.String(), Type.String(), { maxProperties: 100 })),
      keyId: Type.Optional(Type.String({ maxLength: 128, description: "Id of a key." })),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      valid: Type.Boolean({ description: "Whether it would be let through." }),
      route: Nullable("Template of the route."),
      api: Nullable("Id of the fronted API; `portico` for own operations."),
      version: Nullable("Version of the API."),
      permissions: Type.Array(Type.String(), { description: "What the sender must hold." }),
      rateLimit: Type.Array(Type.String(), { description: "Rates that it would count for." }),
      decisions: Type.Array(DecisionView),
      problems: Type.Array(
        Type.Object({ code: Type.String(), status: Type.Integer(), detail: Type.String() }),
        { description: "Why it would be refused." },
      ),
    }),
  },
  errors: ["insight.badTarget", "insight.keyNotFound"],
  example: { body: { method: "GET", path: "/api/v1/requests?limit=10" } },
  handle: ({ body, caller, ctx }) =>
    explainRequest(ctx, { ...body, organization: caller.organization }),
});
