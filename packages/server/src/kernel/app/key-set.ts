import { PublicKeys } from "../contract/index.ts";
import type { BoundPage } from "../http/index.ts";
import { contributionsTo } from "./context.ts";

/** As long as a verifier may keep the set: a new key is in it a day before it signs. */
const HEADERS = { "content-type": "application/jwk-set+json", "cache-control": "max-age=300" };

/** The page with all public keys of this server; none where nobody signs anything. */
export function keySetPages(exchange: Parameters<typeof contributionsTo>[0]): readonly BoundPage[] {
  const sources = contributionsTo(exchange, PublicKeys);
  return sources.slice(0, 1).map(({ ctx }) => ({
    ctx,
    page: {
      path: "/.well-known/jwks.json",
      serve: async () => {
        const sets = await Promise.all(
          sources.map(async ({ value, ctx }) => await value.keys(ctx)),
        );
        return { status: 200, headers: HEADERS, body: JSON.stringify({ keys: sets.flat() }) };
      },
    },
  }));
}
