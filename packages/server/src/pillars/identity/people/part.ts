import { add, CliVerbs, Pages, Statistics } from "portico/kernel";
import type { Part } from "../part.ts";
import { createVerb, recoverVerb } from "./cli.ts";
import { peopleErrors } from "./errors.ts";
import { peopleEvents } from "./events.ts";
import { mailPasswordChanged } from "./mail-password-changed.ts";
import { mailReset } from "./mail-reset.ts";
import { mailVerification } from "./mail-verification.ts";
import { createPeople } from "./migrations/0001-create-people.ts";
import { changePassword } from "./operations/change-password.ts";
import { deleteAccount } from "./operations/delete-account.ts";
import { forgotPassword } from "./operations/forgot-password.ts";
import { getAccount } from "./operations/get-account.ts";
import { getProfile } from "./operations/get-profile.ts";
import { getSettings } from "./operations/get-settings.ts";
import { getUser } from "./operations/get-user.ts";
import { listAccounts } from "./operations/list-accounts.ts";
import { logoutAccount } from "./operations/logout-account.ts";
import { register } from "./operations/register.ts";
import { requestVerification } from "./operations/request-verification.ts";
import { resetPassword } from "./operations/reset-password.ts";
import { updateAccount } from "./operations/update-account.ts";
import { updateProfile } from "./operations/update-profile.ts";
import { updateSettings } from "./operations/update-settings.ts";
import { verifyEmail } from "./operations/verify-email.ts";
import { resetPage, verifyPage } from "./pages.ts";
import { peoplePermissions } from "./permissions.ts";
import { peopleSettings } from "./settings.ts";
import { usersCame } from "./statistics.ts";
import { sweepPeople } from "./sweep.ts";

/** What this room declares. Its migrations are numbered 0001 to 0099. */
export const peoplePart: Part = {
  settings: peopleSettings,
  permissions: peoplePermissions,
  errors: peopleErrors,
  events: peopleEvents,
  tables: {
    identity_people: "instance",
    identity_links: "instance",
    identity_brakes: "instance",
  },
  migrations: [createPeople],
  operations: [
    register,
    changePassword,
    forgotPassword,
    resetPassword,
    verifyEmail,
    requestVerification,
    getProfile,
    updateProfile,
    getSettings,
    updateSettings,
    getUser,
    listAccounts,
    getAccount,
    updateAccount,
    deleteAccount,
    logoutAccount,
  ],
  jobs: { mailVerification, mailReset, mailPasswordChanged, sweepPeople },
  schedules: {
    sweepPeople: {
      cron: "23 * * * *",
      jitter: "10m",
      overlap: "skip",
      catchUp: "1h",
      job: "sweepPeople",
      input: {},
    },
  },
  contributes: [
    add(CliVerbs, createVerb),
    add(CliVerbs, recoverVerb),
    add(Pages, resetPage),
    add(Pages, verifyPage),
    add(Statistics, usersCame),
  ],
};
