import { Buffer } from "node:buffer";
import type { PluginContext } from "portico/kernel";

const TOKEN_BYTES = 32;

/** A secret of 256 random bits behind a prefix by which people and secret scanners know it. */
export function makeToken(
  prefix: string,
  { fillRandom }: Pick<PluginContext, "fillRandom">,
): string {
  const secret = Buffer.alloc(TOKEN_BYTES);
  fillRandom(secret);
  return prefix + secret.toString("base64url");
}
