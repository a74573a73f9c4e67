import { Authenticators } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import type { Holding, IdentityFace, Person } from "./identity.ts";
import type { Client } from "./clients.ts";
import { listIn } from "./clients.ts";
import type { OAuthTables } from "./tables.ts";

/** Whether what tokens rest on still stands: people, their sessions, memberships and consents. */
export class Standing {
  readonly #ctx: PluginContext;
  readonly #identity: IdentityFace;

  constructor(ctx: PluginContext, identity: IdentityFace) {
    this.#ctx = ctx;
    this.#identity = identity;
  }

  /** Undefined for who is unknown, suspended or deleted. */
  async person(id: string): Promise<Person | undefined> {
    const person = await this.#identity.people.find(id);
    return person?.state === "active" ? person : undefined;
  }

  /** What a person may do in an organization; undefined for who is no member. */
  async holding(userId: string, organization: string): Promise<Holding | undefined> {
    return await this.#identity.organizations.holdingOf(userId, organization);
  }

  /** Whether a session of identity's is alive, by its id. */
  async isSessionAlive(id: string): Promise<boolean> {
    for (const { plugin, value } of this.#ctx.contributions(Authenticators)) {
      if (plugin !== "identity" || value.lookUp === undefined) continue;
      const found = await value.lookUp(id);
      if (found !== undefined) return found.refusal === null;
    }
    return false;
  }

  /** Whether a code or refresh token may still become tokens: it may rest on a session. */
  async backs(token: {
    readonly expiresWithSession?: unknown;
    readonly sessionUid?: unknown;
  }): Promise<boolean> {
    const { expiresWithSession, sessionUid } = token;
    if (expiresWithSession !== true) return true;
    return typeof sessionUid === "string" && (await this.isSessionAlive(sessionUid));
  }

  /** Ends one session of a person's. */
  async signOut(userId: string, session: string): Promise<void> {
    await this.#identity.signOut({ userId, id: session }, this.#ctx.newOrigin(userId));
  }

  /** The scopes that a user has allowed a client, as far as the client may still be given them. */
  async allowedScopes(userId: string, client: Client): Promise<readonly string[]> {
    const { organization, id } = client;
    const row = await this.#ctx.store
      .read({ organization })
      .db<OAuthTables>()
      .selectFrom("oauth_grants")
      .select("scopes")
      .where("user_id", "=", userId)
      .where("client_id", "=", id)
      .executeTakeFirst();
    if (row === undefined) return [];
    return listIn(row.scopes).filter((scope) => client.scopes.includes(scope));
  }
}
