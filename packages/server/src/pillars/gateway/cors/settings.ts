import { Type } from "typebox";
import type { Static } from "typebox";

const Names = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ pattern: "^(?:\\*|[A-Za-z0-9-]{1,64})$" }), { description }),
  );

/** Which pages of other origins may call an API (Fetch Standard §3.3). */
export const CorsSettings = Type.Object(
  {
    origins: Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
      minItems: 1,
      description:
        "Origins whose pages may call: https://app.example.com, https://*.example.com for all below, or * for any.",
    }),
    methods: Type.Optional(
      Type.Array(Type.String({ pattern: "^[A-Z-]{1,32}$" }), {
        minItems: 1,
        default: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        description: "Methods they may use.",
      }),
    ),
    headers: Names(
      "Request headers they may send, or * for any; Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match and X-API-Key when left out.",
    ),
    exposeHeaders: Names(
      "Reply headers that scripts may read, besides RateLimit, RateLimit-Policy, Retry-After, Deprecation, Sunset and X-Request-Id.",
    ),
    credentials: Type.Optional(
      Type.Boolean({
        default: false,
        description: "They may send cookies; not with the origin *.",
      }),
    ),
    maxAgeSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400,
        default: 600,
        description: "How long a browser remembers what it may do.",
      }),
    ),
  },
  {
    description:
      "Lets pages of other origins call the API; the application's own CORS headers are then left out.",
  },
);

/** CORS as set. */
export type CorsSettings = Static<typeof CorsSettings>;
