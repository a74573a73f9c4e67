import { provide } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import type { StartedPart } from "../part.ts";
import { cookieForm, readCookie } from "./cookie.ts";
import { endSessions } from "./end.ts";
import type { SessionsFace } from "./face.ts";
import { openSession } from "./open.ts";
import { renewSession } from "./renew.ts";
import { createRoom, Sessions } from "./room.ts";
import type { SessionsRoom } from "./room.ts";

/** Starts this room. */
export async function startSessions(
  ctx: PluginContext,
  running: (room: SessionsRoom | undefined) => void,
): Promise<StartedPart<SessionsFace>> {
  const room = createRoom(ctx);
  await room.keys.start();
  running(room);
  return {
    face: faceOf(room),
    provides: [provide(Sessions, room)],
    stop: async () => {
      running(undefined);
      room.verifier.stop();
      room.keys.stop();
      await room.lastSeen.flush();
    },
  };
}

function faceOf(room: SessionsRoom): SessionsFace {
  const { ctx, keys, tokens, verifier } = room;
  return {
    open: (session, tx) => openSession(room, session, tx),
    renew: (id, methods, tx) => renewSession(room, { id, methods }, tx),
    end: (which, tx) => endSessions(room, which, tx),
    ofCookie: async (cookie) => {
      const form = cookieForm(ctx.server);
      const text = form === undefined ? undefined : readCookie(cookie, form);
      return text === undefined ? undefined : await verifier.findByCookie(text);
    },
    distrust: (userId) => verifier.distrust(userId),
    sign: (claims, lifeSeconds) => tokens.sign(claims, lifeSeconds),
    publicKeys: () => Promise.resolve({ keys: keys.publicKeys() }),
    signingKeys: () =>
      Promise.resolve({ keys: keys.present().map(({ privateJwk }) => privateJwk) }),
  };
}
