import { toRfc3339 } from "portico/kernel";
import type { Caller, PluginContext, RequestClient } from "portico/kernel";
import { raise } from "./errors.ts";

const DEVICE_LENGTH_MAX = 256;

/** The person whose session this is. Throws `identity.factorsOfPerson` for keys, and for who acts for somebody else. */
export function personOf(caller: Caller): string {
  const { kind, userId } = caller;
  if ("impersonator" in caller && caller.impersonator !== undefined) {
    throw raise("identity.factorsOfPerson", { params: { who: "somebody who acts for them" } });
  }
  if (kind !== "user" || userId === undefined) {
    throw raise("identity.factorsOfPerson", { params: { who: `a credential of kind '${kind}'` } });
  }
  return userId;
}

/** When and from where something was changed, for the mail that tells of it. */
export function occasion(ctx: PluginContext, client: RequestClient): Record<string, string> {
  const device = client.headers["user-agent"];
  return {
    at: toRfc3339(ctx.clock.now()),
    address: client.address,
    ...(typeof device === "string" ? { device: device.slice(0, DEVICE_LENGTH_MAX) } : {}),
  };
}
