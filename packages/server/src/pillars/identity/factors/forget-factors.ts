import type { Reaction } from "portico/kernel";
import { deleteFactors } from "./factors.ts";

/** Deletes the factors of who was deleted: a secret that nobody needs is not kept. */
export const forgetFactors: Reaction = {
  types: ["user.deleted"],
  async handle(events, tx) {
    for (const { subject } of events) if (subject !== null) await deleteFactors(subject, tx);
  },
};
