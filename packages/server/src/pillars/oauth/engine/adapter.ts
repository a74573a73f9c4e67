import { errors } from "oidc-provider";
import type { Adapter, AdapterPayload } from "oidc-provider";
import { findClient } from "../clients.ts";
import { toMetadata } from "./metadata.ts";
import type { EngineParts } from "./parts.ts";

/**
 * For how long after its use a refresh token is simply refused. Two requests of one client that race are no theft: the loser
 * is told no, and the winner's tokens live. After that, whoever comes with it ends the whole sign-in.
 */
const RACE_MS = 10_000;
/** For things that say nothing of their own end. */
const LIFE_SECONDS = 86_400;

/** Storage of one model of the engine. */
export function adapterFor(model: string, parts: EngineParts): Adapter {
  if (model === "Client") return clientAdapter(parts);
  if (model === "AccessToken" || model === "ClientCredentials") return tokenAdapter(model, parts);
  return modelAdapter(model, parts);
}

function modelAdapter(model: string, { models, ctx }: EngineParts): Adapter {
  const findBy = async (
    name: "uid" | "user_code",
    value: string,
  ): Promise<AdapterPayload | undefined> => {
    const found = await models.findBy(model, name, value);
    return found?.payload;
  };
  return {
    upsert: async (id, payload, expiresIn = LIFE_SECONDS) => {
      const { jti, ...rest } = payload;
      const written = {
        model,
        id,
        // A session is found by another name than its id, and needs it then.
        payload: model === "Session" ? { ...rest, jti } : rest,
        grantId: model === "Grant" ? id : payload.grantId,
        uid: payload.uid,
        userCode: payload.userCode,
        clientId: payload.clientId,
        accountId: payload.accountId,
        expiresAt: ctx.clock.now() + expiresIn * 1_000,
      };
      if (model !== "ReplayDetection") return await models.put(written);
      if (!(await models.putOnce(written))) throw new errors.InvalidRequest("sent before");
    },
    find: async (id) => {
      const found = await models.find(model, id);
      if (found === undefined) return undefined;
      const { payload, consumedAt } = found;
      if (consumedAt === null) return { ...payload, jti: id };
      if (model === "RefreshToken" && ctx.clock.now() - consumedAt < RACE_MS) {
        throw new errors.InvalidGrant("refresh token was used a moment ago");
      }
      return { ...payload, jti: id, consumed: Math.floor(consumedAt / 1_000) };
    },
    findByUid: (uid) => findBy("uid", uid),
    findByUserCode: (userCode) => findBy("user_code", userCode),
    consume: async (id) => {
      if (!(await models.consume(model, id))) throw new errors.InvalidGrant("used before");
    },
    destroy: (id) => (model === "Grant" ? models.dropGrant(id) : models.drop(model, id)),
    revokeByGrantId: (grantId) => models.dropGrant(grantId),
  };
}

function clientAdapter({ ctx }: EngineParts): Adapter {
  return {
    ...readOnly,
    find: async (id) => {
      const client = await findClient(id, ctx);
      return client === undefined ? undefined : toMetadata(client);
    },
  };
}

/**
 * Access tokens are signed and not stored. The engine meets one when it is introspected or revoked: its text, in the form that
 * `disguise` gives it, is verified and read in the place of a row.
 */
function tokenAdapter(model: "AccessToken" | "ClientCredentials", parts: EngineParts): Adapter {
  return {
    ...readOnly,
    find: async (text) => {
      const claims = await parts.tokens.live(reveal(text));
      const isUsers = claims?.grant !== undefined;
      if (claims === undefined || isUsers !== (model === "AccessToken")) return undefined;
      const { jti, iat, exp, aud, scope, client_id: clientId, sub, grant } = claims;
      const token = { kind: model, jti, iat, exp, aud, scope, clientId };
      return isUsers ? { ...token, accountId: sub, grantId: grant } : token;
    },
    destroy: (jti) => parts.tokens.revoke(jti),
    revokeByGrantId: (grantId) => parts.models.dropGrant(grantId),
  };
}

const readOnly: Adapter = {
  upsert: () => Promise.resolve(),
  find: () => Promise.resolve(undefined),
  findByUid: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
  consume: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
  revokeByGrantId: () => Promise.resolve(),
};

/** A signed token as the engine takes it for one of its own: it refuses texts that look signed. */
export function disguise(text: string): string {
  return text.replaceAll(".", "~");
}

function reveal(text: string): string {
  return text.replaceAll("~", ".");
}
