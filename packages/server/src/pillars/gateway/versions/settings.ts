import { Type } from "typebox";
import type { Static } from "typebox";

const When = (description: string) =>
  Type.String({
    pattern:
      "^\\d{4}-\\d{2}-\\d{2}(?:T\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,3})?)?(?:Z|[+-]\\d{2}:\\d{2}))?$",
    description: `${description} A date (2026-11-01, midnight UTC) or a time (RFC 3339).`,
  });

/** One time, or a rhythm, in which an outdated version or route answers 503 so that its callers notice. */
export const BrownoutSettings = Type.Union([
  Type.Object({
    from: When("First moment."),
    to: When("First moment after it."),
  }),
  Type.Object({
    everyMs: Type.Integer({
      minimum: 1_000,
      maximum: 31_536_000_000,
      description: "One brownout in each such span, at its beginning; counted from 1970 in UTC.",
    }),
    lastsMs: Type.Integer({ minimum: 1_000, description: "Shorter than everyMs." }),
    from: Type.Optional(When("None before it.")),
    to: Type.Optional(When("None from it on.")),
  }),
]);

/** What tells callers that something ends: of a version, and of a route. */
export const lifecycleSettings = {
  deprecated: Type.Optional(
    Type.Boolean({
      description:
        "Outdated since a time that is not told: shown by lists and documents, but by no field of replies. `deprecatedAt` says since when.",
    }),
  ),
  deprecatedAt: Type.Optional(
    When("Outdated from then on: the Deprecation field of every reply (RFC 9745)."),
  ),
  sunsetAt: Type.Optional(
    When("Gone from then on: 410. Before it, the Sunset field of every reply (RFC 8594)."),
  ),
  link: Type.Optional(
    Type.String({
      pattern: '^(?:https?://|/)[^\\s<>"]*$',
      description: "Page for people about it: Link with rel deprecation, and sunset.",
    }),
  ),
  successor: Type.Optional(
    Type.String({
      pattern: '^[^\\s<>"]+$',
      description:
        "What comes after it: a version of the API, or an address. Link with rel successor-version.",
    }),
  ),
  brownouts: Type.Optional(
    Type.Array(BrownoutSettings, {
      maxItems: 100,
      description: "Times in which it answers 503 `gateway.brownout`.",
    }),
  ),
};

/** Pattern of a version's id: a date, or a word such as v2. */
const VERSION_ID = "^(?:\\d{4}-\\d{2}-\\d{2}|[a-z][a-z0-9.-]{0,31})$";

/** What a version is besides its routes and its upstream. */
export const versionSettings = {
  id: Type.String({
    pattern: VERSION_ID,
    description: "A date (2026-11-01) or a word (v2).",
  }),
  openapi: Type.Optional(
    Type.String({ description: "Its own OpenAPI document; the API's when left out." }),
  ),
  ...lifecycleSettings,
  changes: Type.Optional(
    Type.Unknown({
      description:
        "What this version changed against the one before: path of a TypeScript module (from the configuration's folder), or what defineVersionChange returns, or a list of these.",
    }),
  ),
};

/** Where a call may say which version it wants. */
export const VersionFromSettings = Type.Object({
  path: Type.Optional(
    Type.Union([Type.Boolean(), Type.String({ pattern: "^/[^?#\\s]*$" })], {
      default: true,
      description:
        "In the path below the base path: true for /{version}, or a template of its own.",
    }),
  ),
  header: Type.Optional(
    Type.Union(
      [Type.Literal(false), Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$" })],
      {
        default: "Api-Version",
        description:
          "Name of the request header; false for none. Replies name their version in it.",
      },
    ),
  ),
  pin: Type.Optional(
    Type.Boolean({ default: true, description: "As the caller's key is pinned." }),
  ),
});

/** Bodies that version changes look into. */
export const VersionBodySettings = Type.Object({
  bytesMax: Type.Optional(
    Type.Integer({
      minimum: 1_024,
      maximum: 67_108_864,
      default: 1_048_576,
      description: "Largest body that is changed; beyond it 413 for a request, 502 for a reply.",
    }),
  ),
  notJson: Type.Optional(
    Type.Union([Type.Literal("pass"), Type.Literal("refuse")], {
      default: "pass",
      description:
        "A body that is not JSON (another type, encoded, a stream): passed on untouched, or refused with 415 (request) and 502 (reply).",
    }),
  ),
});

/** What an API says of its versions, besides `versions` itself. */
export const versioningSettings = {
  currentVersion: Type.Optional(
    Type.String({
      pattern: VERSION_ID,
      description: "What a call gets that asks for none; the last of `versions` when left out.",
    }),
  ),
  versionFrom: Type.Optional(VersionFromSettings),
  versionBodies: Type.Optional(VersionBodySettings),
};

/** Lifecycle of a version or route as set. */
export type LifecycleSettings = Static<ReturnType<typeof lifecycleObject>>;
/** Where the version is read from, as set. */
export type VersionFromSettings = Static<typeof VersionFromSettings>;
/** Bounds of bodies as set. */
export type VersionBodySettings = Static<typeof VersionBodySettings>;
/** One brownout as set. */
export type BrownoutSettings = Static<typeof BrownoutSettings>;

function lifecycleObject() {
  return Type.Object(lifecycleSettings);
}
