import { capability } from "portico/kernel";
import type { Capability } from "portico/kernel";

/** What the inbox asks of webhooks: who has signed a request. It knows the capability by its id alone. */
export interface DeliveryCheckFace {
  check(delivery: {
    /** Path of the address that webhooks post to. */
    readonly path: string;
    readonly id: string;
    readonly timestamp: string;
    readonly signature: string;
    readonly body: Uint8Array;
  }): Promise<{ readonly webhook: string | null }>;
}

/** `webhooks.deliveryCheck@1` */
export const DeliveryCheck: Capability<DeliveryCheckFace> = capability<DeliveryCheckFace>(
  "webhooks.deliveryCheck@1",
);
