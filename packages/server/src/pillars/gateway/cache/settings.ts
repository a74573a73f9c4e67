import { Type } from "typebox";
import type { Static } from "typebox";
import { NOTHING_MORE } from "./keyed-by.ts";
import type { KeyedBy } from "./keyed-by.ts";
import type { CachePolicy } from "./policy.ts";

const Ms = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 31_536_000_000, description }));

/** How replies are cached: `true` for the rules of RFC 9111 alone. */
export const CacheSettings = Type.Union(
  [
    Type.Boolean(),
    Type.Object({
      ttlMs: Ms("How long a reply is fresh that says nothing of it itself; else it is not stored."),
      staleWhileRevalidateMs: Ms("How long after that it is served while it is fetched anew."),
      staleIfErrorMs: Ms("How long after that it stands in for an upstream that fails."),
      vary: Type.Optional(
        Type.Array(Type.String({ pattern: "^[A-Za-z0-9-]{1,64}$" }), {
          description: "Request headers that tell replies apart, besides those that Vary names.",
        }),
      ),
      tags: Type.Optional(
        Type.Array(Type.String({ pattern: "^[\\x21-\\x2b\\x2d-\\x7e]{1,256}$" }), {
          maxItems: 64,
          description: "Names under which the replies can be purged, besides those they bring.",
        }),
      ),
      bytesMax: Type.Optional(
        Type.Integer({
          minimum: 0,
          default: 1_048_576,
          description: "Larger bodies pass without being stored.",
        }),
      ),
      statuses: Type.Optional(
        Type.Array(Type.Integer({ minimum: 200, maximum: 599 }), {
          description: "Only replies with these are stored; all that may be when left out.",
        }),
      ),
      heuristicPercent: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 100,
          default: 0,
          description:
            "A reply that says nothing is fresh for this share of the time since its Last-Modified, a day at most. 0: it is not.",
        }),
      ),
      storeCookies: Type.Optional(
        Type.Boolean({ default: false, description: "Store replies that set a cookie, with it." }),
      ),
      shareAuthorized: Type.Optional(
        Type.Boolean({
          default: false,
          description:
            "Replies to callers with a credential are the same for all of the organization, though they do not say public.",
        }),
      ),
    }),
  ],
  { description: "Cache replies; true for what RFC 9111 says without settings." },
);

/** How replies are cached, as set. */
export type CacheSettings = Static<typeof CacheSettings>;

const BYTES_MAX = 1_048_576;

/** The policy of a route; undefined where nothing is cached. */
export function cachePolicy(
  settings: CacheSettings | undefined,
  keyed: KeyedBy = NOTHING_MORE,
): CachePolicy | undefined {
  if (settings === undefined || settings === false) return undefined;
  const given = settings === true ? {} : settings;
  return {
    ttlMs: given.ttlMs,
    staleWhileRevalidateMs: given.staleWhileRevalidateMs ?? 0,
    staleIfErrorMs: given.staleIfErrorMs ?? 0,
    vary: [...new Set([...(given.vary ?? []).map((each) => each.toLowerCase()), ...keyed.vary])],
    ofCaller: keyed.ofCaller,
    tags: given.tags ?? [],
    bytesMax: given.bytesMax ?? BYTES_MAX,
    statuses: given.statuses === undefined ? undefined : new Set(given.statuses),
    heuristicShare: (given.heuristicPercent ?? 0) / 100,
    storesCookies: given.storeCookies ?? false,
    sharesAuthorized: given.shareAuthorized ?? false,
  };
}
