import type { SecondFactor } from "../sessions/face.ts";
import { Factors } from "./face.ts";

/** What a sign-in asks for beside the password, of who has set it up. */
export const secondFactor: SecondFactor = {
  id: "codes",
  needed: (userId, ctx) => ctx.get(Factors).needed(userId),
  verify: async ({ userId, code }, ctx) =>
    (await ctx.get(Factors).verify(userId, code)) ? "otp" : undefined,
};
