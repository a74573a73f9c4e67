import { Type } from "typebox";
import { operation, toRfc3339 } from "portico/kernel";
import { Factors } from "../face.ts";
import { personOf } from "../person.ts";

const Moment = Type.Union([Type.String({ format: "date-time" }), Type.Null()]);

/** `GET /auth/mfa` */
export const getMfa = operation({
  id: "mfa.get",
  method: "GET",
  path: "/auth/mfa",
  summary: "Your second factors",
  access: "caller",
  mode: "read",
  replies: {
    200: Type.Object({
      totp: Type.Object({
        state: Type.Union([Type.Literal("none"), Type.Literal("pending"), Type.Literal("active")], {
          description: "`pending` is not asked for until it is confirmed.",
        }),
        since: Moment,
      }),
      recoveryCodes: Type.Object({
        left: Type.Integer({ description: "Codes that are not used." }),
        since: Moment,
      }),
    }),
  },
  errors: ["identity.factorsOfPerson"],
  example: { bearer: "{auth.login.accessToken}", after: ["auth.register", "auth.login"] },
  async handle({ caller, ctx }) {
    const state = await ctx.get(Factors).state(personOf(caller));
    const { totp, totpSince, recoveryCodesLeft: left, recoveryCodesSince } = state;
    return {
      totp: { state: totp, since: momentOf(totpSince) },
      recoveryCodes: { left, since: momentOf(recoveryCodesSince) },
    };
  },
});

function momentOf(ms: number | null): string | null {
  return ms === null ? null : toRfc3339(ms);
}
