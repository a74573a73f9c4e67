import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses. */
export const sourceErrors = {
  "sources.notFound": problem(404, "There is no source '{id}' here."),
  "sources.messageNotFound": problem(404, "There is no message '{id}' here."),
  "sources.slugTaken": problem(409, "Another source already has the slug '{slug}'."),
  "sources.unknownProvider": problem(
    422,
    "No provider is called '{provider}'. GET /api/v1/sources/providers lists them; `hmac` is for every other sender.",
  ),
  "sources.badScheme": problem(
    422,
    "The scheme of the source cannot be used: {reason}.",
    "A source of the provider `hmac` says in `scheme` how its sender signs. The known providers have theirs already.",
  ),
  "sources.badSecret": problem(
    422,
    "The secret cannot be used: {reason}.",
    "Stripe, GitHub, Slack, Shopify and Twilio: the text they show. Standard Webhooks: `whsec_` and base64. SendGrid: its " +
      "verification key, and Discord: the public key of the application; both are public.",
  ),
  "sources.tooManySecrets": problem(
    409,
    "The source has {max} secrets in force. Wait until one has run out, or rotate with `overlapSeconds: 0`.",
  ),
  "sources.secretNeeded": problem(
    422,
    "{provider} makes its secrets itself: give the new one as `secret`.",
  ),
  "sources.reservedPrefix": problem(
    422,
    "Events cannot begin with '{prefix}.': '{owner}' emits '{type}', and what reads it trusts that it happened here. " +
      "Choose another `eventPrefix`.",
  ),
  "sources.reservedType": problem(
    422,
    "The message would become an event of the type '{type}', which only Portico itself may emit. Change the `eventPrefix` " +
      "of its source; messages that come then have other types.",
  ),
  "sources.refused": problem(
    401,
    "The message is not accepted: {reason}. It is kept in the source's quarantine.",
    "Whoever owns the source sees it at GET /api/v1/sources/{id}/messages?state=quarantined, with its body, and can release " +
      "it. Compare the secret and the provider of the source with what the sender uses.",
  ),
  "sources.quarantineFull": problem(
    429,
    "The message is not accepted: {reason}. So many were refused before it that it is not kept.",
    "Only so many refused messages are kept for each second and each source. The metric `source_messages_total` counts all.",
  ),
  "sources.inactive": problem(503, "The source takes no messages at present."),
  "sources.notQuarantined": problem(409, "The message '{id}' is not in quarantine: it is {state}."),
  "sources.notAccepted": problem(
    409,
    "The message '{id}' is in quarantine, so there is no event to repeat. Release it first.",
  ),
  "sources.alreadyAccepted": problem(
    409,
    "The sender has sent this message again meanwhile, and it was accepted as '{other}'.",
  ),
} as const;

/** Makes problems `sources.*`. */
export const raise: Raise<typeof sourceErrors> = raiser(sourceErrors);
