import type { PluginContext, RequestClient, Tx } from "portico/kernel";
import { insertAccount } from "./account.ts";
import { Brakes } from "./brakes.ts";
import { deviceIn, deviceToken, isKnownDevice } from "./device.ts";
import type { DeviceToken } from "./device.ts";
import { Directory, findRow, rowOf } from "./directory.ts";
import { raise } from "./errors.ts";
import { PEOPLE_CHANGES } from "./face.ts";
import type { PasswordLogin, PeopleFace, Person } from "./face.ts";
import { Hasher } from "./hasher.ts";
import { emailKey, readEmail, readUsername, usernameKey } from "./names.ts";
import { judgeNewPassword, PASSWORD_MAX } from "./new-password.ts";
import type { PasswordOwner } from "./new-password.ts";
import { toPerson } from "./person.ts";
import type { PeopleTables, PersonRow } from "./tables.ts";

/** Half of a surrogate pair and more bytes than any password has are no password of anybody. */
const NO_PASSWORD = "";

interface Check {
  readonly row: PersonRow | undefined;
  readonly password: string;
  readonly name: string;
  readonly address: string;
  readonly device: string | undefined;
}

/** People and their passwords, over one store. */
export class People implements PeopleFace {
  readonly #ctx: PluginContext;
  readonly #directory: Directory;
  readonly #hasher: Hasher;
  readonly #brakes: Brakes;

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
    this.#directory = new Directory(ctx);
    this.#hasher = new Hasher(ctx);
    this.#brakes = new Brakes(ctx);
  }

  find(id: string): Promise<Person | undefined> {
    return this.#directory.find(id);
  }

  findMany(ids: readonly string[]): Promise<readonly Person[]> {
    return this.#directory.findMany(ids);
  }

  async findByEmail(email: string): Promise<Person | undefined> {
    const row = await findRow(this.#ctx.store.read("instance"), { email });
    return row === undefined ? undefined : toPerson(row);
  }

  async checkPassword(login: PasswordLogin): Promise<Person> {
    const { username, email, password, address } = login;
    const row = await findRow(this.#ctx.store.read("instance"), login);
    const isKnown = isKnownDevice(login.knownDevice, row, this.#ctx);
    const device = isKnown ? login.knownDevice : undefined;
    const name = nameOf({ username, email }, row);
    return await this.#check({ row, password, name, address, device });
  }

  async confirmPassword(id: string, password: string, address: string): Promise<void> {
    const row = await rowOf(this.#ctx.store.read("instance"), id);
    // Who asks has a session: the device is as good as known, and is counted apart from strangers' guesses.
    await this.#check({ row, password, name: id, address, device: `session:${id}` });
  }

  async create(
    person: {
      readonly username: string;
      readonly displayName: string;
      readonly email: string | null;
    },
    tx: Tx,
  ): Promise<Person> {
    const email = person.email === null ? null : readEmail(person.email);
    const { displayName } = person;
    const name = readUsername(person.username);
    const account = { name, email, displayName, isEmailVerified: true, passwordHash: null };
    const created = await insertAccount(account, tx, this.#ctx);
    tx.emit(
      "user.created",
      { id: created.id, username: created.username },
      { subject: created.id },
    );
    return created;
  }

  async newPassword(password: string, owner: PasswordOwner): Promise<string> {
    judgeNewPassword(password, owner);
    return await this.#hasher.hash(password);
  }

  async release(id: string, tx: Tx): Promise<void> {
    await this.#brakes.release([id], tx);
  }

  changing(id: string, tx: Tx): void {
    this.#directory.distrust(id);
    tx.changed(PEOPLE_CHANGES, id);
  }

  deviceToken(id: string, client: RequestClient): DeviceToken {
    return deviceToken(id, client.isHttps, this.#ctx);
  }

  deviceIn(client: RequestClient): string | undefined {
    return deviceIn(client);
  }

  stop(): Promise<void> {
    this.#directory.stop();
    return Promise.resolve();
  }

  /** One count, one hash and one answer, whether there is an account or not. */
  async #check({ row, password, ...attempt }: Check): Promise<Person> {
    await this.#brakes.count(attempt);
    const isPossible = password.length <= 2 * PASSWORD_MAX && password.isWellFormed();
    const hash = row?.state === "active" ? row.password_hash : null;
    const verdict = await this.#hasher.verify(hash, isPossible ? password : NO_PASSWORD);
    if (row === undefined || !verdict.isRight || row.state !== "active") {
      throw raise("identity.badCredentials");
    }
    await this.#brakes.passed(attempt);
    if (verdict.isOutdated) await this.#hashAnew(row, password);
    return toPerson(row);
  }

  /** The figures of hashing have changed: what is at rest follows when the password is at hand. */
  async #hashAnew(row: PersonRow, password: string): Promise<void> {
    const hash = await this.#hasher.hash(password);
    const origin = this.#ctx.newOrigin("portico");
    await this.#ctx.store.transaction({ scope: "instance", origin }, async (tx) => {
      await tx
        .db<PeopleTables>()
        .updateTable("identity_people")
        .set({ password_hash: hash })
        .where("id", "=", row.id)
        // Not over a password that was set meanwhile.
        .where("password_hash", "=", row.password_hash)
        .execute();
    });
  }
}

/** Whose guesses these are: an account's, whichever of its names was given, or a name that nobody has. */
function nameOf(
  {
    username,
    email,
  }: { readonly username: string | undefined; readonly email: string | undefined },
  row: PersonRow | undefined,
): string {
  if (row !== undefined) return row.id;
  return username === undefined ? `@${emailKey(email ?? "")}` : usernameKey(username);
}
