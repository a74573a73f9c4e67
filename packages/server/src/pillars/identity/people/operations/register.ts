import { operation, reply } from "portico/kernel";
import type { OperationInput, PluginContext, Tx } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { Identity } from "../../capability.ts";
import { insertAccount, isNameTaken } from "../account.ts";
import type { NewAccount } from "../account.ts";
import { deviceName } from "../device.ts";
import { raise } from "../errors.ts";
import type { Person } from "../face.ts";
import { DisplayNameField, EmailField, PasswordField, UsernameField } from "../fields.ts";
import { chooseUsername, readEmail } from "../names.ts";
import { settingsOf } from "../settings.ts";
import { toUserView, UserView } from "../view.ts";

const Registration = Type.Object(
  {
    username: UsernameField,
    email: Type.Optional(EmailField),
    password: PasswordField,
    displayName: Type.Optional(DisplayNameField),
    invitation: Type.Optional(
      Type.String({ maxLength: 200, description: "The token of an invitation." }),
    ),
  },
  { additionalProperties: false },
);
type Registration = Static<typeof Registration>;
type Input = Pick<OperationInput<unknown, unknown, Registration>, "body" | "client" | "ctx">;

/** `POST /auth/register` */
export const register = operation({
  id: "auth.register",
  method: "POST",
  path: "/auth/register",
  summary: "Make an account and sign in",
  description:
    "The new account is signed in at once. An e-mail address that another account has is not told: the account is made, the " +
    "answer is the same, and the address gets a mail; it belongs to who opens its link.",
  access: "public",
  mode: "write",
  audit: "none",
  limits: ["30/h"],
  bodyBytesMax: 16_384,
  body: Registration,
  replies: {
    201: Type.Object({
      accessToken: Type.String(),
      refreshToken: Type.Union([Type.String(), Type.Null()]),
      expiresIn: Type.Integer({ description: "Life of the access token, in seconds." }),
      user: UserView,
    }),
  },
  errors: [
    "identity.registrationClosed",
    "identity.badInvitation",
    "identity.badUsername",
    "identity.usernameTaken",
    "identity.emailNeeded",
    "identity.badEmail",
    "identity.weakPassword",
    "identity.busy",
    "identity.notStarted",
  ],
  example: {
    body: {
      username: "ada",
      email: "ada@example.com",
      password: "a long walk by the river",
      displayName: "Ada Lovelace",
    },
    refused: { "identity.usernameTaken": { after: ["auth.register"] } },
  },
  async prepare({ body, read, ctx }): Promise<NewAccount> {
    checkMode(body, ctx);
    const name = chooseUsername(body.username);
    const email = body.email === undefined ? null : readEmail(body.email);
    if (email === null && settingsOf(ctx).emailRequired) throw raise("identity.emailNeeded");
    // Before the hash: a name that is taken is told anyway, and need not cost one.
    if (await isNameTaken(name, read)) {
      throw raise("identity.usernameTaken", { params: { username: name.username } });
    }
    const owner = { username: name.username, email: email?.email ?? null };
    const passwordHash = await ctx.get(Identity).people.newPassword(body.password, owner);
    return { name, email, displayName: body.displayName ?? "", passwordHash };
  },
  async handle({ prepared, tx, ...input }) {
    const { ctx, client } = input;
    const { people, sessions } = ctx.get(Identity);
    const person = await insertAccount(prepared, tx, ctx);
    const organization = await join(person, tx, input);
    if (person.email !== null) tx.enqueue("mailVerification", { person: person.id });
    const from = { address: client.address, device: deviceName(client) };
    const opened = await sessions.open(
      { userId: person.id, organization, from, methods: ["pwd"] },
      tx,
    );
    const { accessToken, refreshToken, expiresIn } = opened;
    // Without the session's own cookie: the tokens are given, and a browser would send both.
    const known = people.deviceToken(person.id, client);
    return reply(
      201,
      { accessToken, refreshToken, expiresIn, user: toUserView(person) },
      { "portico-device": known.token, "set-cookie": known.cookie },
    );
  },
});

function checkMode({ invitation }: Registration, ctx: PluginContext): void {
  const { registration } = settingsOf(ctx);
  const isOpen =
    registration === "open" || (registration === "invitation" && invitation !== undefined);
  if (!isOpen) throw raise("identity.registrationClosed");
}

/** Makes the account a member where it belongs, and tells that organization of it. */
async function join(person: Person, tx: Tx, { body, ctx }: Input): Promise<string> {
  const { id: userId, username, email } = person;
  const { invitation } = body;
  const account = { userId, email, ...(invitation === undefined ? {} : { invitation }) };
  const { organization } = await ctx.get(Identity).organizations.admit(account, tx);
  const there = tx.within({ organization });
  there.emit("user.created", { id: userId, username }, { subject: userId });
  there.audit({ action: "auth.register", target: userId, after: { username } });
  return organization;
}
