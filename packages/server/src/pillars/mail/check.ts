import type { Check } from "portico/kernel";
import { OwnMailer } from "./mailer.ts";

/** Says when mail is not set up, and when the last one was not taken. */
export const mailCheck: Check = {
  id: "mail",
  run: (ctx) => Promise.resolve(ctx.get(OwnMailer).health()),
};
