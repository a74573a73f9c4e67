import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses. */
export const webhookErrors = {
  "webhooks.notFound": problem(404, "There is no webhook '{id}' here."),
  "webhooks.deliveryNotFound": problem(404, "There is no delivery '{id}' here."),
  "webhooks.badUrl": problem(
    422,
    "Events cannot be delivered to this URL: {reason}",
    "A webhook's URL leads to a public address by https (or http where the operator allows it), without user name or " +
      "password. An operator who means a private network lists it in PORTICO_OUTBOUND_ALLOW.",
  ),
  "webhooks.badHeader": problem(
    422,
    "The header '{name}' cannot be sent along: {reason}",
    "Headers of a webhook are for the receiver's own purposes, such as `x-api-key`. Those that frame the request or " +
      "carry the signature belong to Portico.",
  ),
  "webhooks.badFilter": problem(
    422,
    "The filter cannot be used: {reason}",
    "A filter is `{ path, … }` with one comparison, or `and`, `or`, `not` of such; `errors` names each part that is wrong. " +
      "`POST /webhooks/test-filter` tries one against samples.",
  ),
  "webhooks.badSecret": problem(
    422,
    "The secret cannot be used: {reason}",
    "A secret of your own is `whsec_` and from 24 to 64 random bytes in base64 (Standard Webhooks 1.0). Leave it out to " +
      "be given one.",
  ),
  "webhooks.tooMany": problem(
    422,
    "The organization has {max} webhooks, as many as it may. Delete some, or have the operator raise webhooks.webhooksMax.",
  ),
  "webhooks.tooManyOfOwner": problem(
    422,
    "There are {max} webhooks here, as many as one customer may have by portal links. Delete some, or have the operator raise webhooks.ownerWebhooksMax.",
  ),
  "webhooks.slugNotYours": problem(
    422,
    "A slug cannot be given by a portal link. Leave it out, and use the webhook's id.",
    "The application finds webhooks by slug: one that its customer could choose would let the customer stand in for it.",
  ),
  "webhooks.credentialsElsewhere": problem(
    422,
    "The webhook has headers or credentials, which a portal link cannot send to another URL. Give `headers` and `auth` anew with it.",
    "They are stored sealed and never shown; sent to a URL of the holder's choice they would be.",
  ),
  "webhooks.slugTaken": problem(409, "Another webhook already has the slug '{slug}'."),
  "webhooks.stale": problem(
    412,
    "The webhook has changed since revision {expected}; it is now at {actual}. Read it again and repeat the change.",
  ),
  "webhooks.inactive": problem(
    409,
    "The webhook '{id}' is disabled, so nothing is sent to it. Enable it first.",
  ),
  "webhooks.bulkRunning": problem(
    409,
    "The job {job} is at work on this already. Wait for it (`GET /jobs/{job}`) or cancel it (`POST /jobs/{job}/cancel`).",
  ),
  "webhooks.bulkLost": problem(409, "The job {job} was given up for another."),
  "webhooks.badWindow": problem(422, "`until` is not after `since`, so that nothing lies between."),
  "webhooks.unknownEvent": problem(422, "There is no event '{id}' here to try the filter with."),
  "webhooks.badListen": problem(422, "portico listen cannot begin: {reason}."),
  "webhooks.badPosition": problem(
    400,
    "`after` is not a position of this webhook. Use the `next` of the answer before.",
  ),
} as const;

/** Makes problems `webhooks.*`. */
export const raise: Raise<typeof webhookErrors> = raiser(webhookErrors);
