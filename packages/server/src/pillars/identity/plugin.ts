import { Type } from "typebox";
import { definePlugin, provide } from "portico/kernel";
import type { AnyPlugin, PluginContext, Started } from "portico/kernel";
import { Identity } from "./capability.ts";
import { identityErrors } from "./errors.ts";
import { Factors } from "./factors/face.ts";
import { factorsPart } from "./factors/part.ts";
import { startFactors } from "./factors/start.ts";
import { organizationsRoom } from "./organizations/room.ts";
import type { OrganizationsRoom } from "./organizations/room.ts";
import type { Part } from "./part.ts";
import { peoplePart } from "./people/part.ts";
import { startPeople } from "./people/start.ts";
import { sessionsPart } from "./sessions/part.ts";
import type { SessionsRoom } from "./sessions/room.ts";
import { requireFactor } from "./sessions/sign-in.ts";
import { startSessions } from "./sessions/start.ts";

/** What the ids of its operations begin with. */
const NOUNS = [
  "auth",
  "users",
  "sessions",
  "mfa",
  "organizations",
  "members",
  "teams",
  "invitations",
  "roles",
  "grants",
  "serviceAccounts",
  "access",
];

/**
 * Makes the identity pillar. Each server gets its own: what it remembers of people and sessions belongs to one store.
 *
 * @example
 * export default defineConfig({ settings: { identity: { registration: "open" } } });
 */
export function identity(): AnyPlugin {
  let running: SessionsRoom | undefined;
  const organizations = organizationsRoom();
  const sessions = sessionsPart(() => running);
  const parts: readonly Part[] = [peoplePart, organizations.part, sessions, factorsPart];
  return definePlugin({
    id: "identity",
    version: "1.0.0",
    engine: "^1",
    needs: ["mail"],
    settings: Type.Object(joined(parts.map((part) => part.settings))),
    permissions: joined(parts.map((part) => part.permissions)),
    errors: { ...identityErrors, ...joined(parts.map((part) => part.errors)) },
    events: joined(parts.map((part) => part.events)),
    tables: joined(parts.map((part) => part.tables)),
    migrations: parts.flatMap((part) => part.migrations),
    operations: parts.flatMap((part) => part.operations),
    nouns: NOUNS,
    jobs: joined(parts.map((part) => part.jobs)),
    schedules: joined(parts.map((part) => part.schedules)),
    reactions: joined(parts.map((part) => part.reactions ?? {})),
    contributes: parts.flatMap((part) => part.contributes),
    points: parts.flatMap((part) => part.points ?? []),
    provides: [Identity, Factors, ...parts.flatMap((part) => part.provides ?? [])],
    start: (ctx) =>
      start(ctx, organizations, (room) => {
        running = room;
      }),
  });
}

async function start(
  ctx: PluginContext,
  rooms: OrganizationsRoom,
  running: (room: SessionsRoom | undefined) => void,
): Promise<Started> {
  const organizations = await rooms.start(ctx);
  const people = await startPeople(ctx);
  const sessions = await startSessions(ctx, running);
  const factors = await startFactors(ctx);
  return {
    provides: [
      provide(Identity, {
        people: people.face,
        organizations: organizations.face,
        sessions: sessions.face,
        signIn: async (session, origin) => {
          await requireFactor(session, ctx);
          const { organization } = session;
          return await ctx.store.transaction({ scope: { organization }, origin }, (tx) =>
            sessions.face.open(session, tx),
          );
        },
        signOut: async ({ userId, id }, origin) => {
          await ctx.store.transaction({ scope: "instance", origin }, (tx) =>
            sessions.face.end({ userId, only: id }, tx),
          );
        },
      }),
      provide(Factors, factors.face),
      ...(sessions.provides ?? []),
    ],
    stop: async () => {
      for (const room of [sessions, people, organizations]) await room.stop?.();
    },
  };
}

/** One table of the tables of all rooms. */
function joined<TValue>(
  tables: readonly Readonly<Record<string, TValue>>[],
): Readonly<Record<string, TValue>> {
  const all = tables.flatMap((table) => Object.entries(table));
  const names = new Set(all.map(([name]) => name));
  if (names.size < all.length) throw new TypeError("Two rooms of identity declare the same name.");
  return Object.fromEntries(all);
}
