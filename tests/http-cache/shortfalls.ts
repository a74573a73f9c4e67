const ITS_502 =
  "the origin breaks the connection and we answer 502, as we must; the suite takes any reply without the origin's own field for a cached one";
const PARTS = "parts (206) are never stored, only cut from a stored whole";

/** Why a test does not pass, for those that we know of. */
export const shortfalls: Readonly<Record<string, string>> = {
  "age-parse-prefix":
    "`Age: 0,7200` is no age, so nobody knows how old the reply is; the list asks for the opposite with `0, 0`",
  "stale-close-must-revalidate": ITS_502,
  "stale-close-proxy-revalidate": ITS_502,
  "stale-close-no-cache": ITS_502,
  "stale-close-s-maxage=2": ITS_502,
  "headers-store-Transfer-Encoding":
    "the origin sends a transfer coding that does not exist: refused as a smuggling attempt",
  "surrogate-fresh-cc-nostore": "a directive aimed at a named surrogate; we announce no name",
  "surrogate-max-age-me-target": "a directive aimed at a named surrogate; we announce no name",
  "method-POST": "replies to POST are not stored",
  "vary-normalise-lang-select":
    "we do not choose languages for the application: another list of them is another request",
  "conditional-lm-fresh-no-lm":
    "without `Last-Modified` the reply's `Date` counts (RFC 9111 §4.3.2), and that is later than what the caller has",
  "partial-store-partial-reuse-partial": PARTS,
  "partial-store-partial-reuse-partial-byterange": PARTS,
  "partial-store-partial-reuse-partial-absent": PARTS,
  "partial-store-partial-reuse-partial-suffix": PARTS,
  "partial-store-partial-complete": PARTS,
};
