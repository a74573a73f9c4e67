import { ownUrl } from "portico/kernel";
import type { Caller, PluginContext } from "portico/kernel";
import type { IdentityFace } from "./identity.ts";
import type { RecentChanges } from "./changes.ts";
import { findClient } from "./clients.ts";
import type { Client } from "./clients.ts";
import { raise } from "./errors.ts";
import type { ModelStore } from "./models.ts";
import { narrowed, narrowedGrants, wordsOf } from "./scopes.ts";
import { verifySignature } from "./signature.ts";
import type { AccessClaims } from "./signature.ts";
import type { Standing } from "./standing.ts";

/** Longer than any access token lives. */
const REVOKED_MS = 3_600_000;
const KEPT_MAX = 20_000;

/** A token that was verified, and what was found then. */
interface Known {
  readonly claims: AccessClaims;
  readonly caller: Caller;
  /** What it rests on; a change of any of them makes it be looked at again. */
  readonly things: readonly string[];
  readonly place: number;
}

/** What access tokens are checked with. */
export interface AccessTokenParts {
  readonly ctx: PluginContext;
  readonly identity: IdentityFace;
  readonly standing: Standing;
  readonly models: ModelStore;
  readonly changes: RecentChanges;
}

/** Checks access tokens: from memory at once where it may, else against the store. */
export class AccessTokens {
  readonly #parts: AccessTokenParts;
  #young = new Map<string, Known>();
  #old = new Map<string, Known>();

  constructor(parts: AccessTokenParts) {
    this.#parts = parts;
  }

  /** Whom tokens are for: this server. */
  audience(): string {
    return `${ownUrl(this.#parts.ctx.server)}/api`;
  }

  /** Who sends this token. Synchronous when it was checked before. Throws `oauth.invalidToken`. */
  identify(text: string): Caller | Promise<Caller> {
    const known = this.#young.get(text) ?? this.#old.get(text);
    return known !== undefined && this.#holds(known)
      ? known.caller
      : this.#check(text, known?.claims).then(({ caller }) => caller);
  }

  /** What a token says, while it is good; undefined for any other text. */
  async live(text: string): Promise<AccessClaims | undefined> {
    const known = await this.#check(text, undefined).catch((error: unknown) => {
      if (isInvalid(error)) return undefined;
      throw error;
    });
    return known?.claims;
  }

  /** Ends one token before its time. */
  async revoke(jti: string): Promise<void> {
    const { models, ctx } = this.#parts;
    await models.revokeToken(jti, ctx.clock.now() + REVOKED_MS);
  }

  #holds({ claims, things, place }: Known): boolean {
    const { ctx, changes } = this.#parts;
    // A feed that was not read for a second may hide a revocation: then memory proves nothing.
    if (ctx.changes.stale() || changes.since(place, things)) return false;
    return claims.exp * 1_000 > ctx.clock.now();
  }

  async #check(text: string, before: AccessClaims | undefined): Promise<Known> {
    const { place } = this.#parts.changes;
    const claims = before ?? (await this.#verify(text));
    const caller = claims && (await this.#callerOf(claims));
    if (claims === undefined || caller === undefined) throw raise("oauth.invalidToken");
    const known = { claims, caller, place, things: thingsOf(claims) };
    if (this.#young.size >= KEPT_MAX / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, known);
    return known;
  }

  async #verify(text: string): Promise<AccessClaims | undefined> {
    const { identity, ctx } = this.#parts;
    const { keys } = await identity.sessions.publicKeys();
    const claims = await verifySignature(text, (kid) =>
      Promise.resolve(keys.find((key) => key["kid"] === kid)),
    );
    if (claims === undefined) return undefined;
    const isOurs = claims.iss === ownUrl(ctx.server) && claims.aud === this.audience();
    return isOurs ? claims : undefined;
  }

  async #callerOf(claims: AccessClaims): Promise<Caller | undefined> {
    const { ctx, models } = this.#parts;
    if (claims.exp * 1_000 <= ctx.clock.now()) return undefined;
    const [client, revoked] = await Promise.all([
      findClient(claims.client_id, ctx),
      models.find("RevokedToken", claims.jti),
    ]);
    if (client === undefined || revoked !== undefined) return undefined;
    const scopes = wordsOf(claims.scope).filter((scope) => client.scopes.includes(scope));
    if (claims.grant === undefined) return clientCaller(client, scopes);
    return await this.#userCaller({ ...claims, grant: claims.grant }, client, scopes);
  }

  async #userCaller(
    { sub, grant, sid }: AccessClaims & { readonly grant: string },
    client: Client,
    scopes: readonly string[],
  ): Promise<Caller | undefined> {
    const { models, standing } = this.#parts;
    const [found, person, holding, isAlive] = await Promise.all([
      models.find("Grant", grant),
      standing.person(sub),
      standing.holding(sub, client.organization),
      sid === undefined || standing.isSessionAlive(sid),
    ]);
    if (found?.payload["accountId"] !== sub || found.payload["clientId"] !== client.id) {
      return undefined;
    }
    if (person === undefined || holding === undefined || !isAlive) return undefined;
    return {
      kind: "user",
      organization: client.organization,
      subject: sub,
      userId: sub,
      credential: client.id,
      name: person.username,
      permissions: narrowed(holding.permissions, scopes),
      grants: narrowedGrants(holding.grants, scopes),
      instancePermissions: [],
    };
  }
}

function clientCaller(client: Client, scopes: readonly string[]): Caller {
  return {
    kind: "client",
    organization: client.organization,
    subject: client.id,
    name: client.name,
    permissions: narrowed(["*"], scopes),
    instancePermissions: [],
  };
}

function thingsOf({ client_id, jti, sub, grant, sid }: AccessClaims): readonly string[] {
  const things = [`client:${client_id}`, `token:${jti}`];
  if (grant === undefined) return things;
  things.push(`grant:${grant}`, `person:${sub}`, `holding:${sub}`);
  if (sid !== undefined) things.push(`session:${sid}`);
  return things;
}

function isInvalid(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    error.code === "oauth.invalidToken"
  );
}
