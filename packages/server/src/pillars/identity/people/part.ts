import type { Part } from "../part.ts";
import { peopleErrors } from "./errors.ts";
import { peopleEvents } from "./events.ts";
import { mailVerification } from "./mail-verification.ts";
import { createPeople } from "./migrations/0001-create-people.ts";
import { register } from "./operations/register.ts";
import { verifyEmail } from "./operations/verify-email.ts";
import { peoplePermissions } from "./permissions.ts";
import { peopleSettings } from "./settings.ts";

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
  operations: [register, verifyEmail],
  jobs: { mailVerification },
  schedules: {},
  contributes: [],
};
