import { add, Authenticators, job, PublicKeys, Statistics } from "portico/kernel";
import { Type } from "typebox";
import type { Part } from "../part.ts";
import { cookieAuthenticator, tokenAuthenticator } from "./authenticators.ts";
import { cleanUp } from "./cleanup.ts";
import { sessionErrors } from "./errors.ts";
import { sessionEvents } from "./events.ts";
import { SecondFactors } from "./face.ts";
import { createSessions } from "./migrations/0201-create-sessions.ts";
import { cleanUpSessions } from "./operations/clean-up.ts";
import { endAllSessions, endSession } from "./operations/end-sessions.ts";
import { currentSession, getSession } from "./operations/get-session.ts";
import { impersonate } from "./operations/impersonate.ts";
import { listAllSessions, listSessions } from "./operations/list-sessions.ts";
import { login } from "./operations/login.ts";
import { logout } from "./operations/logout.ts";
import { refresh } from "./operations/refresh.ts";
import { sessionPermissions } from "./permissions.ts";
import { Sessions } from "./room.ts";
import type { SessionsRoom } from "./room.ts";
import { sessionSettings } from "./settings.ts";
import { sessionsBegun } from "./statistics.ts";
import { sessionTables } from "./tables.ts";

const Nothing = Type.Object({});

/** What this room declares, for one server. Its migrations are numbered 0201 to 0299. */
export function sessionsPart(room: () => SessionsRoom | undefined): Part {
  return {
    settings: sessionSettings,
    permissions: sessionPermissions,
    errors: sessionErrors,
    events: sessionEvents,
    tables: sessionTables,
    migrations: [createSessions],
    operations: [
      login,
      refresh,
      logout,
      listSessions,
      endAllSessions,
      currentSession,
      getSession,
      endSession,
      cleanUpSessions,
      listAllSessions,
      impersonate,
    ],
    jobs: {
      cleanUpSessions: job({
        input: Nothing,
        timeoutMs: 600_000,
        run: async ({ ctx }) => {
          await cleanUp({}, ctx);
        },
      }),
      rotateSigningKeys: job({
        input: Nothing,
        run: ({ ctx }) => ctx.get(Sessions).keys.rotate(),
      }),
    },
    schedules: {
      cleanUpSessions: { cron: "17 3 * * *", catchUp: "12h", job: "cleanUpSessions", input: {} },
      rotateSigningKeys: { cron: "7 * * * *", job: "rotateSigningKeys", input: {} },
    },
    points: [SecondFactors],
    provides: [Sessions],
    contributes: [
      add(Authenticators, tokenAuthenticator(room)),
      add(Authenticators, cookieAuthenticator(room)),
      add(Statistics, sessionsBegun),
      add(PublicKeys, {
        id: "identity.tokens",
        keys: () => room()?.keys.publicKeys() ?? [],
      }),
    ],
  };
}
