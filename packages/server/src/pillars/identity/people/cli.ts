import { DEFAULT_ORGANIZATION, randomBase62, toRfc3339 } from "portico/kernel";
import type { CliInput, CliVerb } from "portico/kernel";
import { Identity } from "../capability.ts";
import { insertAccount } from "./account.ts";
import { findRow } from "./directory.ts";
import { raise } from "./errors.ts";
import { endLinks, LINK_LIFE_MINUTES, linkUrl, makeLink } from "./links.ts";
import { readEmail, readUsername } from "./names.ts";

const ACTOR = "cli";
/** 119 bits. */
const PASSWORD_LENGTH = 20;

/** `portico admin create`: makes somebody who may do everything over the installation. */
export const createVerb: CliVerb = {
  noun: "admin",
  verb: "create",
  summary: "Make an administrator, with a password that is printed this once",
  options: [
    { flag: "--username <name>", description: "how to sign in", default: "admin" },
    { flag: "--email <address>", description: "where mails to the account go" },
  ],
  async run(ctx, input) {
    const { people, organizations } = ctx.get(Identity);
    const name = readUsername(text(input, "username") ?? "admin");
    const address = text(input, "email");
    const email = address === undefined ? null : readEmail(address);
    const password = randomBase62(PASSWORD_LENGTH, ctx.fillRandom);
    const owner = { username: name.username, email: email?.email ?? null };
    const passwordHash = await people.newPassword(password, owner);
    const account = { name, email, displayName: "", passwordHash, instancePermissions: ["*"] };
    const options = { scope: { organization: DEFAULT_ORGANIZATION }, origin: ctx.newOrigin(ACTOR) };
    const person = await ctx.store.transaction(options, async (tx) => {
      const made = await insertAccount(account, tx, ctx);
      const { id, username } = made;
      const membership = { organization: DEFAULT_ORGANIZATION, userId: id, roles: ["owner"] };
      await organizations.assign(membership, tx);
      tx.emit("user.created", { id, username }, { subject: id });
      tx.audit({ action: "admin.create", target: id, after: { username } });
      return made;
    });
    const { id, username } = person;
    return {
      data: { id, username, password },
      text: `Username  ${username}\nPassword  ${password}`,
      hint: "The password is shown this once; change it after signing in.",
    };
  },
};

/** `portico admin recover`: a way back in for who has forgotten the password and has no mail. */
export const recoverVerb: CliVerb = {
  noun: "admin",
  verb: "recover",
  summary: "Print a link, good once, with which somebody sets a new password",
  arguments: [
    { name: "username", description: "whose password; `admin` when left out", isRequired: false },
  ],
  async run(ctx, input) {
    const username = input.arguments["username"] ?? "admin";
    const row = await findRow(ctx.store.read("instance"), { username });
    if (row === undefined || row.state === "deleted") {
      throw raise("identity.badPersonOption", {
        params: { option: "username", got: username, expected: "nobody here has that name" },
      });
    }
    const origin = ctx.newOrigin(ACTOR);
    const token = await ctx.store.transaction({ scope: "instance", origin }, async (tx) => {
      await endLinks({ person: row.id, purpose: "reset" }, tx);
      tx.audit({ action: "admin.recover", target: row.id, after: { username: row.username } });
      return await makeLink({ person: row.id, purpose: "reset", emailKey: null }, tx, ctx);
    });
    const link = linkUrl("reset", token ?? "", ctx);
    const expiresAt = toRfc3339(ctx.clock.now() + LINK_LIFE_MINUTES * 60_000);
    const dataFolder = ctx.server.dataFolder ?? null;
    return {
      data: { username: row.username, link, expiresAt, dataFolder },
      text: link,
      hint:
        `For '${row.username}' of the installation in ${dataFolder ?? "memory"}; good once, until ${expiresAt}. ` +
        "All sessions of the account end when it is used.",
    };
  },
};

function text({ options }: CliInput, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}
