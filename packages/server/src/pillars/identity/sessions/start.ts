import { raise } from "../errors.ts";
import type { StartPart } from "../part.ts";
import type { SessionsFace } from "./face.ts";

/** Starts this room. */
export const startSessions: StartPart<SessionsFace> = () =>
  Promise.resolve({
    face: {
      open: () => {
        throw raise("identity.notStarted");
      },
      end: () => {
        throw raise("identity.notStarted");
      },
      ofCookie: () => {
        throw raise("identity.notStarted");
      },
      sign: () => {
        throw raise("identity.notStarted");
      },
      publicKeys: () => {
        throw raise("identity.notStarted");
      },
      signingKeys: () => {
        throw raise("identity.notStarted");
      },
    },
  });
