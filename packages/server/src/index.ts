export { createPortico } from "./embed.ts";
export { openServer, builtIns } from "./platform.ts";
export type { Server } from "./platform.ts";
export { defineConfig } from "./kernel/config/index.ts";
export type { ConfigInput, ConfigSource, ResolvedConfig } from "./kernel/config/index.ts";
export { anonymous, internalCaller } from "./kernel/index.ts";
export type { Caller } from "./kernel/index.ts";
export { defineHooks, defineVersionChange, reply } from "./pillars/gateway/index.ts";
export type {
  ChangedCalls,
  HookInfo,
  HookReply,
  HookReplyHeaders,
  HookResult,
  Hooks,
  MessageHeaders,
  MessageQuery,
  ReplyMessage,
  RequestMessage,
  VersionChange,
} from "./pillars/gateway/index.ts";
