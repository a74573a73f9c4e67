import { capability } from "portico/kernel";
import type { Capability, Limiter } from "portico/kernel";

/** Counting calls for other pillars: the gateway asks here before it proxies. */
export type LimitsFace = Required<Limiter>;

/** `limits@1` */
export const Limits: Capability<LimitsFace> = capability<LimitsFace>("limits@1");
