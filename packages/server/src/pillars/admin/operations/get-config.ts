import { operation, Settings } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";

const Setting = Type.Object({
  path: Type.String({ description: "Dotted, as in the configuration: `events.retentionDays`." }),
  pointer: Type.String({ description: "Its place in a change: `/events/retentionDays`." }),
  plugin: Type.Union([Type.String(), Type.Null()], {
    description: "Null for the kernel's own, which only a file, a variable or a flag gives.",
  }),
  description: Type.Union([Type.String(), Type.Null()]),
  value: Type.Optional(Type.Unknown({ description: "In force now. Never of a secret." })),
  default: Type.Optional(Type.Unknown()),
  source: Type.Union(
    ["flag", "environment", "file", "stored", "default"].map((name) => Type.Literal(name)),
  ),
  from: Type.Union([Type.String(), Type.Null()], {
    description: "Which file, variable or flag: `PORT in .env`.",
  }),
  secret: Type.Boolean({ description: "May be written, and is never shown." }),
  isSet: Type.Boolean(),
  reload: Type.Boolean({ description: "Whether a change is in force at once." }),
  pending: Type.Boolean({ description: "Whether a stored value waits for the next start." }),
  writable: Type.Boolean(),
});

/** `GET /admin/config` */
export const getConfig: Operation = operation({
  id: "admin.config",
  method: "GET",
  path: "/admin/config",
  summary: "Read every setting",
  description:
    "The settings of the kernel and of every plugin: value, default, and where the value comes from. Secrets are never shown, only whether they are set.",
  access: "config:read",
  mode: "read",
  replies: {
    200: Type.Object({
      revision: Type.Integer(),
      undoable: Type.Boolean({ description: "Whether the last change can be taken back." }),
      settings: Type.Array(Setting),
    }),
  },
  example: {},
  handle: ({ ctx }) => ctx.get(Settings).list(),
});
