import { add, Authenticators, CallerGuards } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import type { Part, StartedPart } from "../part.ts";
import { raise } from "./errors.ts";
import type { OrganizationsFace } from "./face.ts";
import { callerGuard } from "./guard.ts";
import type { Holdings } from "./holdings.ts";
import { organizationsPart } from "./part.ts";
import { serviceAccounts } from "./service-accounts.ts";
import { startOrganizations } from "./start.ts";

/** This room of one server: what it declares, and how it starts. */
export interface OrganizationsRoom {
  readonly part: Part;
  readonly start: (ctx: PluginContext) => Promise<StartedPart<OrganizationsFace>>;
}

/** Makes the room: what its guard and its authenticator remember belongs to one store. */
export function organizationsRoom(): OrganizationsRoom {
  const running: { started?: { readonly ctx: PluginContext; readonly holdings: Holdings } } = {};
  const guard = callerGuard(() => running.started?.holdings);
  const accounts = serviceAccounts(() => {
    if (running.started === undefined) throw raise("identity.secretInvalid");
    return running.started;
  });
  return {
    part: {
      ...organizationsPart,
      contributes: [
        ...organizationsPart.contributes,
        add(CallerGuards, guard),
        add(Authenticators, accounts),
      ],
    },
    start: (ctx) =>
      startOrganizations(ctx, (holdings) => {
        running.started = { ctx, holdings };
      }),
  };
}
