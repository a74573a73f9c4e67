import { raise } from "../errors.ts";
import type { StartPart } from "../part.ts";
import type { PeopleFace } from "./face.ts";

/** Starts this room. */
export const startPeople: StartPart<PeopleFace> = () =>
  Promise.resolve({
    face: {
      find: () => {
        throw raise("identity.notStarted");
      },
      findMany: () => {
        throw raise("identity.notStarted");
      },
      findByEmail: () => {
        throw raise("identity.notStarted");
      },
      checkPassword: () => {
        throw raise("identity.notStarted");
      },
      confirmPassword: () => {
        throw raise("identity.notStarted");
      },
      create: () => {
        throw raise("identity.notStarted");
      },
    },
  });
