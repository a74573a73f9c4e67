import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this room refuses. */
export const factorErrors = {
  "identity.badCode": problem(
    422,
    "The code is not valid.",
    "It may be mistyped, too old, or used already: each is good once. Wait for the next one, and see that the clock of the " +
      "device is right.",
  ),
  "identity.tooManyCodes": problem(
    429,
    "Too many wrong codes. Try again in {seconds} s, or use a recovery code.",
    "Only guessing is slowed: nobody is locked out for good, and recovery codes never wait. Whoever guesses codes knows the " +
      "password already: if it was not you, change it.",
  ),
  "identity.factorActive": problem(
    409,
    "A one-time code is already asked for at sign-in. Remove it before you set up another.",
  ),
  "identity.noFactor": problem(
    409,
    "There is no second factor to {what}. Set one up with `POST /auth/mfa/totp`.",
  ),
  "identity.enrolmentOver": problem(
    409,
    "The set-up is over: it has to be confirmed within {minutes} minutes. Begin anew with `POST /auth/mfa/totp`.",
  ),
  "identity.factorsOfPerson": problem(
    403,
    "Second factors are a person's own, and this request comes from {who}.",
    "Send the access token or cookie of the person's own session: no key, and no session of somebody who acts for them.",
  ),
} as const;

/** Makes problems of this room. */
export const raise: Raise<typeof factorErrors> = raiser(factorErrors);
