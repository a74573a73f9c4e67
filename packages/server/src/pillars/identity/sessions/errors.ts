import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this room refuses. */
export const sessionErrors = {
  "identity.badAccessToken": problem(
    401,
    "The access token or the session is not valid.",
    "It may be altered, of another server, or of a session that has ended: by a sign-out, by its limits, or because the person " +
      "may not act here any more. From outside all look alike. Sign in again.",
  ),
  "identity.tokenExpired": problem(
    401,
    "The access token has expired.",
    "Get another with `POST /auth/refresh`.",
  ),
  "identity.badRefreshToken": problem(
    401,
    "The refresh token is not valid.",
    "It may be unknown, used up, or of a session that has ended. A refresh token that is used a second time ends its session, " +
      "since one of its two holders has stolen it. Sign in again.",
  ),
  "identity.refreshRaced": problem(
    409,
    "Another request has just used this refresh token; go on with what that one was answered.",
    "Of several requests at once with one refresh token, one is answered. Let a client renew its tokens in one place.",
  ),
  "identity.factorRequired": problem(
    401,
    "A second proof is needed: send a code.",
    "Send `challenge` of this problem and a `code` to `POST /auth/login` within five minutes, or sign in anew with the " +
      "password and `code`.",
  ),
  "identity.badChallenge": problem(
    401,
    "The challenge or its code is not valid.",
    "A challenge is good for five minutes, and a code for one use. Sign in with the password anew.",
  ),
  "identity.loginIncomplete": problem(
    422,
    "Send `password` with either `username` or `email`, or `challenge` with `code`.",
  ),
  "identity.notMember": problem(
    403,
    "You cannot act in the organization '{organization}'.",
    "You are no member of it, or it has banned you. Leave `organization` out to sign in where you first belonged.",
  ),
  "identity.crossSite": problem(
    403,
    "The request comes from a page of another origin, and carries a session's cookie.",
    "Pages may act with the cookie if they are the server's own, or of an origin in `identity.sessions.origins`. Programs send " +
      "an access token in place of the cookie.",
  ),
  "identity.twoSessions": problem(
    400,
    "The request carries more than one session; send one.",
    "The cookie stands twice in the `Cookie` field. Delete the cookies of this site.",
  ),
  "identity.cookieNeedsHttps": problem(
    422,
    "A session's cookie needs https, and this server is reached by {url}.",
    "Set `server.publicUrl` to an https address, or leave `cookie` out and use the tokens. On this machine itself plain http " +
      "is enough.",
  ),
  "identity.notSession": problem(
    403,
    "This needs a signed-in person, and the caller is another credential.",
    "Send the access token or the cookie of a session.",
  ),
  "identity.sessionNotFound": problem(
    404,
    "There is no session '{id}' here.",
    "It has ended, or is another person's.",
  ),
  "identity.impersonationRefused": problem(
    403,
    "You cannot act as this person: {reason}.",
    "An administrator acts as somebody of fewer rights, from a session of the administrator's own.",
  ),
} as const;

/** Makes problems of this room. */
export const raise: Raise<typeof sessionErrors> = raiser(sessionErrors);
