import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { CACHE_CHANGES, toChange } from "../cache/index.ts";
import type { Purge } from "../cache/index.ts";
import { Gateway } from "../capability.ts";
import { raise } from "../errors.ts";

const PurgeBody = Type.Object(
  {
    tags: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        minItems: 1,
        maxItems: 100,
        description: "Replies that have one of these tags.",
      }),
    ),
    api: Type.Optional(
      Type.String({ maxLength: 63, description: "Replies of this API; with path, of that path." }),
    ),
    path: Type.Optional(
      Type.String({
        pattern: "^/",
        maxLength: 2_048,
        description: "Replies of this path with any query; * at its end stands for anything.",
      }),
    ),
    all: Type.Optional(Type.Literal(true, { description: "Everything." })),
  },
  { additionalProperties: false },
);

/** Takes replies out of the cache, in every process: the others follow within a second. */
export const purgeCache: Operation = operation({
  id: "gateway.purgeCache",
  method: "POST",
  path: "/gateway/cache/purge",
  summary: "Take replies out of the gateway's cache",
  description:
    "The process that answers has dropped them when it does; the others follow within a second. Replies under way when it comes are not stored.",
  access: "gateway:purge",
  mode: "write",
  body: PurgeBody,
  replies: { 204: null },
  errors: ["gateway.badPurge"],
  example: { body: { tags: ["product-7"] } },
  handle: ({ body, ctx, tx }) => {
    const purge = purgeAsked(body);
    // Here at once: a second time, when the change comes back from the feed, takes nothing more out.
    ctx.get(Gateway).purgeCache(purge);
    tx.changed(CACHE_CHANGES, toChange(purge));
    return Promise.resolve();
  },
});

function purgeAsked({ tags, api, path, all }: Static<typeof PurgeBody>): Purge {
  const given = [tags, path ?? api, all].filter((each) => each !== undefined);
  if (given.length !== 1) throw raise("gateway.badPurge", { params: { count: given.length } });
  if (tags !== undefined) return { kind: "tags", tags };
  if (path !== undefined) return { kind: "path", path, ...(api === undefined ? {} : { api }) };
  return api === undefined ? { kind: "all" } : { kind: "api", api };
}
