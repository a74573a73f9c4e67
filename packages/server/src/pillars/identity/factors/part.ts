import { add } from "portico/kernel";
import type { Part } from "../part.ts";
import { SecondFactors } from "../sessions/face.ts";
import { factorErrors } from "./errors.ts";
import { factorEvents } from "./events.ts";
import { forgetFactors } from "./forget-factors.ts";
import { mailFactor } from "./mail-factor.ts";
import { createFactors } from "./migrations/0301-create-factors.ts";
import { confirmTotp } from "./operations/confirm-totp.ts";
import { enrolTotp } from "./operations/enrol-totp.ts";
import { getMfa } from "./operations/get-mfa.ts";
import { makeRecoveryCodes } from "./operations/make-recovery-codes.ts";
import { removeTotp } from "./operations/remove-totp.ts";
import { secondFactor } from "./second-factor.ts";
import { factorSettings } from "./settings.ts";
import { factorTables } from "./tables.ts";

/** What this room declares. Its migrations are numbered 0301 to 0399. */
export const factorsPart: Part = {
  settings: factorSettings,
  permissions: {},
  errors: factorErrors,
  events: factorEvents,
  tables: factorTables,
  migrations: [createFactors],
  operations: [getMfa, enrolTotp, confirmTotp, removeTotp, makeRecoveryCodes],
  jobs: { mailFactor },
  schedules: {},
  reactions: { forgetFactors },
  contributes: [add(SecondFactors, secondFactor)],
};
