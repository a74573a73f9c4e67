import type { StartPart } from "../part.ts";
import { FactorRoom } from "./factors.ts";

/** Starts this room. */
export const startFactors: StartPart<FactorRoom> = (ctx) =>
  Promise.resolve({ face: new FactorRoom(ctx) });
