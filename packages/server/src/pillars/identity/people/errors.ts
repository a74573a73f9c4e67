import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this room refuses. */
export const peopleErrors = {
  "identity.badCredentials": problem(
    401,
    "The name or the password is wrong.",
    "An unknown name, a wrong password and an account that may not sign in look alike from outside, in text and in time.",
  ),
  "identity.tooManyAttempts": problem(
    429,
    "Too many wrong passwords. Try again in {seconds} s.",
    "Only guessing is slowed: nobody is locked out for good. A device on which its owner has signed in before has a count of " +
      "its own, and a new password by e-mail ends the wait.",
  ),
  "identity.busy": problem(
    503,
    "Too many people are signing in at this moment. Try again in a few seconds.",
    "Passwords are hashed a few at a time, so that signing in cannot starve everything else; the queue for it is full.",
  ),
  "identity.registrationClosed": problem(
    403,
    "Accounts are made by invitation or by the operator here.",
    "The operator sets this in `identity.registration`.",
  ),
  "identity.usernameTaken": problem(
    409,
    "The username '{username}' is taken, or looks like one that is.",
    "Upper and lower case are one, and so are letters that look the same, such as Latin a and Cyrillic а.",
  ),
  "identity.badUsername": problem(
    422,
    "'{username}' cannot be a username: from 2 to 32 letters, digits, '.', '_' and '-', beginning with a letter or digit.",
  ),
  "identity.emailTaken": problem(
    409,
    "Another account has this e-mail address, and has shown that it is its own.",
  ),
  "identity.emailNeeded": problem(422, "An account needs an e-mail address here."),
  "identity.badEmail": problem(422, "'{email}' is no e-mail address."),
  "identity.weakPassword": problem(
    422,
    "The password cannot be used: {reason}.",
    "From 8 to 256 characters of any kind. Passwords that everybody tries first, and names of the account, are refused.",
  ),
  "identity.badToken": problem(
    422,
    "The link is used up, too old, or not one of ours. Ask for a new one.",
    "Links of mails are good once, and for 30 minutes.",
  ),
  "identity.notPerson": problem(403, "This is a person's own. Send a person's session, not a key."),
  "identity.personNotFound": problem(
    404,
    "There is no user '{id}' here.",
    "It does not exist, was deleted, or shares no organization with the caller.",
  ),
  "identity.settingsTooLarge": problem(
    422,
    "The settings have {got} bytes of JSON; at most {max} are kept.",
  ),
  "identity.exceedsOperator": problem(
    403,
    "An operator changes and gives only what lies within the permissions of their own: {what}.",
  ),
  "identity.lastAdministrator": problem(
    409,
    "This is the last administrator who can sign in. Make another one first.",
    "`portico admin create` makes one from the command line.",
  ),
  "identity.badPersonOption": problem(422, "{option} is '{got}'; {expected}."),
} as const;

/** Makes problems `identity.*` of this room. */
export const raise: Raise<typeof peopleErrors> = raiser(peopleErrors);
