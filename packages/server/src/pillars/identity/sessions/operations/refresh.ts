import { Type } from "typebox";
import { operation } from "portico/kernel";
import { prepareRenewal, writeRenewal } from "../refresh.ts";
import { Sessions } from "../room.ts";
import { originOf } from "../sign-in.ts";
import { toTokens, TokensView } from "../view.ts";

/** `POST /auth/refresh` */
export const refresh = operation({
  id: "auth.refresh",
  method: "POST",
  path: "/auth/refresh",
  summary: "Renew the tokens of a session",
  description:
    "A refresh token is good for one use. Of several requests at once with the same, one is answered and the others are " +
    "refused with 409; used again later, it ends the session.",
  access: "public",
  mode: "append",
  audit: "none",
  bodyBytesMax: 4_096,
  body: Type.Object(
    { refreshToken: Type.String({ minLength: 1, maxLength: 512 }) },
    { additionalProperties: false },
  ),
  replies: { 200: TokensView },
  errors: ["identity.badRefreshToken", "identity.refreshRaced"],
  example: {
    body: { refreshToken: "{auth.login.refreshToken}" },
    after: ["auth.register", "auth.login"],
    refused: {
      "identity.refreshRaced": {
        body: { refreshToken: "{auth.login.refreshToken}" },
        after: ["auth.register", "auth.login"],
        times: 2,
      },
    },
  },
  prepare: ({ body, client, origin, ctx }) =>
    prepareRenewal(ctx.get(Sessions), { text: body.refreshToken, from: originOf(client), origin }),
  handle({ prepared, append }) {
    writeRenewal(prepared, append);
    const { renewal: _, ...tokens } = prepared;
    return toTokens(tokens);
  },
});
