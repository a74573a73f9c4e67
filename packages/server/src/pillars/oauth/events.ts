import { Type } from "typebox";

const client = { id: "client_01jd3v9k2me8r8v0c2m4t6x8z0", name: "Acme Reports" };
const ClientData = Type.Object({ id: Type.String(), name: Type.String() });
const ConsentData = Type.Object({
  id: Type.String(),
  userId: Type.String(),
  clientId: Type.String(),
  scopes: Type.Array(Type.String()),
});
const consent = {
  id: "grant_01jd3v9k2me8r8v0c2m4t6x8z0",
  userId: "user_01jd3v9k2me8r8v0c2m4t6x8z0",
  clientId: client.id,
  scopes: ["openid", "events:read"],
};

/** What this pillar puts on the log. No event holds a secret, code or token. */
export const oauthEvents = {
  "client.created": {
    description: "An OAuth client was created.",
    data: ClientData,
    example: client,
  },
  "client.updated": {
    description: "An OAuth client was changed.",
    data: ClientData,
    example: client,
  },
  "client.rotated": {
    description: "An OAuth client got a new secret; the one before opens for a while.",
    data: ClientData,
    example: client,
  },
  "client.deleted": {
    description: "An OAuth client was deleted, with all its tokens.",
    data: ClientData,
    example: client,
  },
  "consent.given": {
    description: "A user allowed an OAuth client to act for them within these scopes.",
    data: ConsentData,
    example: consent,
  },
  "consent.revoked": {
    description:
      "What a user had allowed an OAuth client was revoked, with the client's tokens for this user.",
    data: ConsentData,
    example: consent,
  },
} as const;
