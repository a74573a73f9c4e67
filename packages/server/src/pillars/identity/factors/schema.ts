import { Type } from "typebox";

/** For steps that a stolen session alone must not take (OWASP ASVS 5, 7.5.1). */
export const PasswordAgain = Type.Object(
  {
    password: Type.String({ minLength: 1, maxLength: 1_024, description: "The present password." }),
  },
  { additionalProperties: false },
);

/** Recovery codes as they are shown, once. */
export const ShownCodes = Type.Array(Type.String(), {
  description: "Each is good once, in place of a one-time code. Shown now and never again.",
});
