import { add, definePlugin, Intakes, Timeline } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { sourceErrors } from "./errors.ts";
import { sourceEvents } from "./events.ts";
import { beginForgetting, forget } from "./forget.ts";
import { createSources } from "./migrations/0001-sources.ts";
import { createSource } from "./operations/create-source.ts";
import { deleteSource } from "./operations/delete-source.ts";
import { getMessage } from "./operations/get-message.ts";
import { getSource } from "./operations/get-source.ts";
import { listMessages } from "./operations/list-messages.ts";
import { listProviders } from "./operations/list-providers.ts";
import { listSources } from "./operations/list-sources.ts";
import { releaseMessage } from "./operations/release-message.ts";
import { replayMessage } from "./operations/replay-message.ts";
import { rotateSecret } from "./operations/rotate-secret.ts";
import { testSource } from "./operations/test-source.ts";
import { updateSource } from "./operations/update-source.ts";
import { sourcePermissions } from "./permissions.ts";
import { receive } from "./receive.ts";
import { settingsOf, SourceSettings } from "./settings.ts";
import { openState } from "./state.ts";
import { sourceTables } from "./tables.ts";
import { messagesOfThread } from "./timeline.ts";

/** Webhooks of others, verified, stored and made events of. */
export const sources: AnyPlugin = definePlugin({
  id: "sources",
  version: "1.0.0",
  engine: "^1",
  settings: SourceSettings,
  permissions: sourcePermissions,
  errors: sourceErrors,
  events: sourceEvents,
  tables: sourceTables,
  migrations: [createSources],
  operations: [
    createSource,
    listSources,
    listProviders,
    getSource,
    updateSource,
    deleteSource,
    rotateSecret,
    testSource,
    listMessages,
    getMessage,
    releaseMessage,
    replayMessage,
  ],
  jobs: { forget },
  contributes: [
    add(Timeline, messagesOfThread),
    add(Intakes, {
      path: "/in/{source}",
      methods: ["POST", "HEAD"],
      bodyBytesMax: (ctx) => settingsOf(ctx).bodyBytesMax,
      receive,
    }),
  ],
  start: async (ctx) => {
    const state = openState(ctx);
    await beginForgetting(ctx);
    return {
      stop: async () => {
        state.sources.stop();
      },
    };
  },
});
