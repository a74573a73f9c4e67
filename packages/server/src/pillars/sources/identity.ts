import { Buffer } from "node:buffer";
import { sha256 } from "portico/kernel";
import type { Provider } from "./providers/index.ts";
import { textAt } from "./verification/index.ts";
import type { Message } from "./verification/index.ts";

const ID_LENGTH_MAX = 256;

/** The sender's id of a message, as the provider's row says where it stands. */
export function externalIdOf(message: Message, provider: Provider): string | null {
  for (const place of provider.messageId) {
    const text = textAt(message, place);
    if (text !== undefined) return text.length > ID_LENGTH_MAX ? hashOf(Buffer.from(text)) : text;
  }
  return null;
}

/**
 * What makes a genuine message the same one when it comes again: the sender's id. Where there is none, the signed bytes, if
 * a time is among them (a signature could be rewritten: of ECDSA each has a twin). Null where the same bytes may
 * rightly come twice.
 */
export function identityOf(
  externalId: string | null,
  content: Uint8Array,
  provider: Provider,
): string | null {
  if (externalId !== null) return `id:${externalId}`;
  return provider.content.includes("{timestamp}") ? `content:${hashOf(content)}` : null;
}

function hashOf(bytes: Uint8Array): string {
  return Buffer.from(sha256(bytes)).toString("hex");
}
