import { Type } from "typebox";

/** A username as it may be sent; its letters are judged when it is chosen. */
export const UsernameField = Type.String({ minLength: 2, maxLength: 64 });
/** An e-mail address as it may be sent. */
export const EmailField = Type.String({ minLength: 3, maxLength: 254 });
/** A password as it may be sent; its strength is judged where it is chosen. */
export const PasswordField = Type.String({ maxLength: 1_024 });
/** What people call somebody: no line breaks, no control characters. */
export const DisplayNameField = Type.String({
  maxLength: 100,
  pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]*$",
});
/** The token of a link. */
export const TokenField = Type.String({ minLength: 10, maxLength: 200 });
