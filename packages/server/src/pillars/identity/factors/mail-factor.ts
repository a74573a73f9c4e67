import { Type } from "typebox";
import { capability, isProblem, job } from "portico/kernel";
import type { JobOutcome } from "portico/kernel";
import { Identity } from "../capability.ts";

/** What of the neighbour `mail` is used here. */
const Mail = capability<{
  send(message: {
    readonly to: string;
    readonly template: string;
    readonly values: Readonly<Record<string, string>>;
    readonly id: string;
  }): Promise<void>;
}>("mail@1");

/** Tells a person that something about their factors has changed. Only an address that is known to be theirs is written to. */
export const mailFactor = job({
  input: Type.Object({
    userId: Type.String(),
    template: Type.Union([
      Type.Literal("factorAdded"),
      Type.Literal("factorRemoved"),
      Type.Literal("recoveryCodesMade"),
      Type.Literal("recoveryCodeUsed"),
      Type.Literal("codesGuessed"),
    ]),
    values: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 256 }))),
  }),
  async run({ ctx, id, input }): Promise<JobOutcome> {
    const person = await ctx.get(Identity).people.find(input.userId);
    if (person === undefined || person.email === null || !person.isEmailVerified) {
      return { kind: "done" };
    }
    const { email: to, username } = person;
    const name = person.displayName === "" ? username : person.displayName;
    const { template, values } = input;
    try {
      await ctx.get(Mail).send({ to, template, values: { ...values, name }, id });
      return { kind: "done" };
    } catch (error) {
      // Below 500 is for good; what passes is tried again by the job.
      if (isProblem(error) && error.status < 500) return { kind: "fail", error: error.message };
      throw error;
    }
  },
});
