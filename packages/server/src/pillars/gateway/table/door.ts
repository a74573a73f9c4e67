import { capability } from "portico/kernel";
import type { Capability } from "portico/kernel";
import type { RouteTable } from "./table.ts";

/** The table itself, for the gateway's own operations; no other plugin is offered it. */
export const Table: Capability<RouteTable> = capability<RouteTable>("gateway.table@1");
