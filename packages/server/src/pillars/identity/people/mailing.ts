import { capability, isProblem } from "portico/kernel";
import type { JobOutcome, JobRun } from "portico/kernel";

/** What is sent, and to whom. */
export interface PersonMail {
  readonly to: string;
  readonly template:
    | "verifyEmail"
    | "resetPassword"
    | "passwordChanged"
    | "newDevice"
    | "firstAdministrator"
    | "accountExists";
  readonly values: Readonly<Record<string, string>>;
}

const Mail = capability<{ send(message: PersonMail & { readonly id: string }): Promise<void> }>(
  "mail@1",
);
const PERMANENT = new Set(["mail.refused", "mail.badAddress", "mail.badValues", "mail.notSetUp"]);

/** Sends a mail from within a job: what passes is tried again, what will not is given up. */
export async function sendMail<TInput>(
  { ctx, id }: JobRun<TInput>,
  mail: PersonMail,
): Promise<JobOutcome> {
  try {
    await ctx.get(Mail).send({ ...mail, id });
    return { kind: "done" };
  } catch (error) {
    if (isProblem(error) && PERMANENT.has(error.code)) {
      return { kind: "fail", error: error.message };
    }
    throw error;
  }
}
