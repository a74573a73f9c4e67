import { raise } from "../errors.ts";
import type { StartPart } from "../part.ts";
import type { OrganizationsFace } from "./face.ts";

/** Starts this room. */
export const startOrganizations: StartPart<OrganizationsFace> = () =>
  Promise.resolve({
    face: {
      holdingOf: () => {
        throw raise("identity.notStarted");
      },
      membershipsOf: () => {
        throw raise("identity.notStarted");
      },
      admit: () => {
        throw raise("identity.notStarted");
      },
      removeEverywhere: () => {
        throw raise("identity.notStarted");
      },
    },
  });
