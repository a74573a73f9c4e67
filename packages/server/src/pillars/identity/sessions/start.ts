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
  warnOfPlainHttp(ctx);
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

/** On plain http a browser's session can be read on the way: fine on one machine, and said. */
function warnOfPlainHttp({ server, logger }: PluginContext): void {
  const form = cookieForm(server);
  if (form?.isSecure !== false) return;
  // The address is not said: at a port that is still to be given it would be wrong.
  logger.warn(
    { cookie: form.name },
    "browser sessions have a cookie without Secure, since the server is reached by plain http on this machine",
  );
}
