import { Type } from "typebox";
import { listOf, operation } from "portico/kernel";
import { providers } from "../providers/index.ts";

/** `GET /sources/providers` */
export const listProviders = operation({
  id: "sources.listProviders",
  method: "GET",
  path: "/sources/providers",
  summary: "List the senders that sources know",
  description:
    "How each signs its messages. `hmac` is for every other sender and is described in `scheme`.",
  access: "sources:read",
  mode: "read",
  replies: {
    200: listOf(
      Type.Object({
        id: Type.String(),
        name: Type.String(),
        documentation: Type.String(),
        signatureHeader: Type.String(),
        algorithm: Type.String(),
        content: Type.String({ description: "What is signed." }),
        toleranceSeconds: Type.Union([Type.Integer(), Type.Null()]),
        takesSecret: Type.Boolean({
          description: "True where the sender is told the secret, so that Portico can make it.",
        }),
      }),
    ),
  },
  example: {},
  handle: () => ({
    data: providers.map(({ id, name, documentation, signature, ...provider }) => ({
      id,
      name,
      documentation,
      signatureHeader: signature.header,
      algorithm: signature.algorithm,
      content: provider.content,
      toleranceSeconds:
        provider.toleranceMs === undefined ? null : Math.floor(provider.toleranceMs / 1_000),
      takesSecret: provider.takesSecret,
    })),
    next: null,
  }),
});
