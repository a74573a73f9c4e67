import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses outside the protocol, whose own endpoints answer by RFC 6749. */
export const oauthErrors = {
  "oauth.invalidToken": problem(
    401,
    "The access token is not valid.",
    "It may be altered, expired or revoked, or what it stands for has ended: its client, the user's consent, session or " +
      "membership. From outside all look alike; the client refreshes the token or asks the user again.",
  ),
  "oauth.clientNotFound": problem(
    404,
    "There is no OAuth client '{id}' here.",
    "The client does not exist or belongs to another organization.",
  ),
  "oauth.grantNotFound": problem(
    404,
    "There is no grant '{id}' here.",
    "It does not exist, has been revoked, or belongs to somebody else.",
  ),
  "oauth.exceedsCreator": problem(
    403,
    "A client cannot be given scopes that its creator lacks: {what}.",
    "Scopes are permissions; those of a client lie within the permissions of whoever creates or changes it.",
  ),
  "oauth.badRedirect": problem(
    422,
    "'{got}' cannot be a redirect address: {reason}.",
    "Give absolute addresses without a fragment: https, or http on a loopback address. They are compared exactly.",
  ),
  "oauth.publicHasNoSecret": problem(
    422,
    "The client '{id}' is public and has no secret.",
    "A public client proves itself by PKCE alone.",
  ),
  "oauth.notByClient": problem(
    403,
    "An OAuth client cannot allow a client anything, itself least of all.",
    "Users allow on the page for consent; an administrator with a session or key of their own.",
  ),
  "oauth.scopeNotOfClient": problem(422, "The client is not registered for the scopes {got}."),
  "oauth.unknownHost": problem(
    421,
    "This server does not answer for the host '{host}' here.",
    "OAuth is served at the server's public address alone. Set `server.publicUrl` to the address that clients use, or list " +
      "the name in `oauth.hosts`.",
  ),
  "oauth.noRequests": problem(500, "The engine of OAuth makes no requests of its own."),
  "oauth.notStarted": problem(503, "The server is still starting; try again in a moment."),
} as const;

/** Makes problems `oauth.*`. */
export const raise: Raise<typeof oauthErrors> = raiser(oauthErrors);
