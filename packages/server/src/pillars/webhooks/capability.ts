import { capability } from "portico/kernel";
import type { Capability } from "portico/kernel";

/** What a request was that came to an address of a webhook. */
export interface CheckedDelivery {
  /** The webhook whose secret has signed it; null when none has. */
  readonly webhook: string | null;
  readonly organization: string | null;
}

/** One request, as its receiver has it. */
export interface ArrivedDelivery {
  /** Path of the address that webhooks post to. */
  readonly path: string;
  readonly id: string;
  readonly timestamp: string;
  /** Value of `webhook-signature`. */
  readonly signature: string;
  readonly body: Uint8Array;
}

/** Tells a receiver within this server which webhook has sent it what it got, without telling it any secret. */
export interface DeliveryCheckFace {
  check(delivery: ArrivedDelivery): Promise<CheckedDelivery>;
}

/** `webhooks.deliveryCheck@1` */
export const DeliveryCheck: Capability<DeliveryCheckFace> = capability<DeliveryCheckFace>(
  "webhooks.deliveryCheck@1",
);
