import { Audit, operation, toRfc3339 } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";

const SHOWN = 20;

const Checkpoint = Type.Object({
  seq: Type.Integer({ description: "Place of the last entry that it vouches for." }),
  hash: Type.String({ description: "The chain's hash there." }),
  at: Type.String({ format: "date-time" }),
  atMs: Type.Integer({ description: "The same in milliseconds since 1970: what is signed." }),
  signature: Type.String({
    description: 'Ed25519 over `{"at":<atMs>,"hash":"<hash>","seq":<seq>}`, in base64.',
  }),
  key: Type.Union([Type.String(), Type.Null()], { description: "Id of the key." }),
  publicKey: Type.Union([Type.String(), Type.Null()], { description: "PEM." }),
});

/** `GET /audit/checkpoints` */
export const listCheckpoints: Operation = operation({
  id: "insight.auditCheckpoints",
  method: "GET",
  path: "/audit/checkpoints",
  summary: "Read the newest checkpoints of the audit",
  description:
    "The 20 newest signed ends of the audit's chain. Keep one elsewhere: `portico audit verify --checkpoint <seq>:<hash>` then finds a tail that was cut off, even where its checkpoints were taken out with it.",
  access: "insight:operate",
  mode: "read",
  replies: { 200: Type.Object({ checkpoints: Type.Array(Checkpoint) }) },
  example: {},
  handle: async ({ ctx }) => {
    const found = await ctx.get(Audit).checkpoints(SHOWN);
    return {
      checkpoints: found.map((one) => ({ ...one, at: toRfc3339(one.at), atMs: one.at })),
    };
  },
});
