import type { StartPart } from "../part.ts";
import type { PeopleFace } from "./face.ts";
import { People } from "./people.ts";

/** Starts this room. */
export const startPeople: StartPart<PeopleFace> = (ctx) => {
  const people = new People(ctx);
  return Promise.resolve({ face: people, stop: () => people.stop() });
};
