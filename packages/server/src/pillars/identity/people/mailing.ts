import { capability, isProblem } from "portico/kernel";
import type { JobOutcome, JobRun } from "portico/kernel";
import type { PersonRow } from "./tables.ts";

/** What is sent, and to whom. */
export interface PersonMail {
  readonly to: string;
  readonly template: "verifyEmail" | "emailTaken" | "resetPassword" | "passwordChanged";
  readonly values: Readonly<Record<string, string>>;
}

/** What of the neighbour `mail` is used here. */
const Mail = capability<{ send(message: PersonMail & { readonly id: string }): Promise<void> }>(
  "mail@1",
);

/** Sends a mail from within a job: what passes is tried again, what will not is given up. */
export async function sendMail<TInput>(
  { ctx, id }: JobRun<TInput>,
  mail: PersonMail,
): Promise<JobOutcome> {
  try {
    await ctx.get(Mail).send({ ...mail, id });
    return { kind: "done" };
  } catch (error) {
    if (isProblem(error) && error.status < 500) return { kind: "fail", error: error.message };
    throw error;
  }
}

/** How a mail addresses somebody. */
export function nameIn({
  display_name: name,
  username,
}: Pick<PersonRow, "display_name" | "username">): string {
  return name === "" ? username : name;
}
