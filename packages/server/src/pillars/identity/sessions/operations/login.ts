import { Type } from "typebox";
import { operation, reply } from "portico/kernel";
import type { Operation, Reply } from "portico/kernel";
import { Identity } from "../../capability.ts";
import type { PeopleFace } from "../../people/face.ts";
import { refuseForeign } from "../authenticators.ts";
import { Sessions } from "../room.ts";
import { signIn } from "../sign-in.ts";
import type { SignedIn } from "../sign-in.ts";
import { toTokens, TokensView } from "../view.ts";

type DeviceToken = ReturnType<PeopleFace["deviceToken"]>;

/** `POST /auth/login` */
export const login: Operation = operation({
  id: "auth.login",
  method: "POST",
  path: "/auth/login",
  summary: "Sign in",
  description:
    "With a username or an e-mail address, and the password. Unknown names and wrong passwords are refused alike, and in the " +
    "same time. Who has set up a second proof is answered 401 `identity.factorRequired` with a `challenge` unless `code` " +
    "comes too. Each sign-in is a new session.",
  access: "public",
  mode: "write",
  audit: "none",
  bodyBytesMax: 16_384,
  body: Type.Object(
    {
      username: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
      email: Type.Optional(Type.String({ minLength: 3, maxLength: 254 })),
      password: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
      challenge: Type.Optional(
        Type.String({
          maxLength: 2_000,
          description: "Of a sign-in that lacked its code, in place of name and password.",
        }),
      ),
      code: Type.Optional(
        Type.String({ minLength: 4, maxLength: 64, description: "The second proof." }),
      ),
      organization: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 64,
          description: "Where to act; where the person has belonged for longest when left out.",
        }),
      ),
      cookie: Type.Optional(
        Type.Boolean({
          default: false,
          description: "For browsers: a cookie holds the session, and no refresh token is given.",
        }),
      ),
      remember: Type.Optional(
        Type.Boolean({
          default: false,
          description: "With `cookie`: beyond the browser's closing.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: { 200: TokensView },
  errors: [
    "identity.badCredentials",
    "identity.tooManyAttempts",
    "identity.tooManyCodes",
    "identity.busy",
    "identity.factorRequired",
    "identity.badChallenge",
    "identity.loginIncomplete",
    "identity.notMember",
    "identity.crossSite",
    "identity.cookieNeedsHttps",
  ],
  example: {
    body: { username: "ada", password: "a long walk by the river" },
    after: ["auth.register"],
  },
  async prepare({ body, client, origin, ctx }): Promise<Reply> {
    const wantsCookie = body.cookie === true;
    // A page of another site must not sign its visitor in as somebody else.
    if (wantsCookie) refuseForeign(ctx.get(Sessions), { headers: client.headers, method: "GET" });
    const { cookie: _, remember, ...given } = body;
    const asked = { ...given, wantsCookie, isRemembered: remember === true };
    const signedIn = await signIn(asked, { client, origin, ctx });
    return answer(signedIn, ctx.get(Identity).people.deviceToken(signedIn.person.id, client));
  },
  async handle({ prepared }) {
    return prepared;
  },
});

/** Tokens as a body; where a cookie holds the session, the cookie, and no token that outlives the page. */
function answer({ opened, wantsCookie, ...holder }: SignedIn, device: DeviceToken): Reply {
  const { id: sessionId, accessToken, refreshToken, expiresIn, cookies } = opened;
  const kept = wantsCookie ? null : refreshToken;
  const tokens = { sessionId, accessToken, refreshToken: kept, expiresIn, ...holder };
  return reply(200, toTokens(tokens), {
    "portico-device": device.token,
    "set-cookie": [...(wantsCookie ? cookies : []), device.cookie],
  });
}
