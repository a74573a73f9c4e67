import { capability } from "portico/kernel";
import type { Caller, Capability, Origin } from "portico/kernel";
import type { NewKey } from "./create.ts";
import type { Refusal } from "./verify.ts";
import type { KeyView } from "./view.ts";

/** What a check of a key says: whose it is, or why it opens nothing. */
export type KeyVerdict =
  | {
      readonly valid: true;
      readonly id: string;
      readonly name: string;
      readonly userId: string | null;
      readonly caller: Caller;
    }
  | {
      readonly valid: false;
      readonly code: Refusal;
      /** Which key and whose it was, where that is known: nobody else may learn more than `notFound`. */
      readonly id: string | undefined;
      readonly organization: string | undefined;
    };

/** Whose key is made, and on which thread. */
export interface CreateKeyOptions {
  readonly organization: string;
  readonly origin: Origin;
}

/** Keys for other plugins, in process. */
export interface KeysFace {
  /** Checks a key's text, and the address it came from where one is given; never throws for what the text is. */
  verify(text: string, address?: string): Promise<KeyVerdict>;
  /** Makes and stores a key without asking what its creator may do: the plugin that calls this answers for it. */
  create(key: NewKey, options: CreateKeyOptions): Promise<KeyView & { readonly key: string }>;
  /** Looks the key up in the store from now on, until its change has been heard of. Call before changing a row. */
  distrust(id: string): void;
}

/** `keys@1` */
export const Keys: Capability<KeysFace> = capability<KeysFace>("keys@1");
