import { operation } from "portico/kernel";
import { personOf } from "../caller.ts";

/** `POST /auth/email/request` */
export const requestVerification = operation({
  id: "auth.requestVerification",
  method: "POST",
  path: "/auth/email/request",
  summary: "Ask for another mail that confirms one's address",
  description:
    "Three of its links are good at a time, for 30 minutes each; beyond them nothing is sent.",
  access: "caller",
  mode: "write",
  limits: ["20/h"],
  replies: { 204: null },
  errors: ["identity.notPerson"],
  example: { after: ["auth.register"], bearer: "{auth.register.accessToken}" },
  handle({ caller, tx }) {
    const person = personOf(caller);
    tx.enqueue("mailVerification", { person }, { unique: person });
    return Promise.resolve();
  },
});
