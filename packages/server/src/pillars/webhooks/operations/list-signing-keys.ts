import { Type } from "typebox";
import { DEFAULT_ORGANIZATION, operation } from "portico/kernel";
import { stateOf } from "../state.ts";

/** `GET /webhooks/jwks.json`: the public keys of `v1a` signatures, for receivers. */
export const listSigningKeys = operation({
  id: "webhooks.listSigningKeys",
  method: "GET",
  path: "/webhooks/jwks.json",
  summary: "Public keys of v1a signatures",
  description:
    "A JSON Web Key Set (RFC 7517, RFC 8037) with the ed25519 key of one organization. Any name is answered with a key: " +
    "the answer does not tell whether there is such an organization.",
  access: "public",
  mode: "read",
  query: Type.Object(
    {
      organization: Type.Optional(
        Type.String({ minLength: 1, maxLength: 64, default: DEFAULT_ORGANIZATION }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      keys: Type.Array(
        Type.Object({
          kty: Type.Literal("OKP"),
          crv: Type.Literal("Ed25519"),
          x: Type.String(),
          use: Type.Literal("sig"),
          alg: Type.Literal("EdDSA"),
          kid: Type.String(),
        }),
      ),
    }),
  },
  example: {},
  async handle({ query, ctx }) {
    const organization = query.organization ?? DEFAULT_ORGANIZATION;
    return Promise.resolve({ keys: [stateOf(ctx).keys(organization).publicKey] });
  },
});
