import { Buffer } from "node:buffer";
import { equalSecrets, hmacSha256 } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import { raise } from "./errors.ts";
import type { SessionLife } from "./face.ts";

const LIFE_MS = 5 * 60_000;
const PURPOSE = "identity.challenge";
const FORM = /^pch_([A-Za-z0-9_-]{1,1500})\.([A-Za-z0-9_-]{43})$/;

/** A sign-in whose password was right and whose second proof is missing. */
export interface Challenge {
  readonly userId: string;
  readonly organization: string | null;
  readonly life: SessionLife;
  readonly wantsCookie: boolean;
}

/** Writes a challenge that is good for five minutes; nothing of it is stored. */
export function writeChallenge(challenge: Challenge, ctx: PluginContext): string {
  const until = ctx.clock.now() + LIFE_MS;
  const text = Buffer.from(JSON.stringify({ ...challenge, until })).toString("base64url");
  return `pch_${text}.${sealOf(text, ctx)}`;
}

/** Throws `identity.badChallenge` for one that is altered, foreign or too old. */
export function readChallenge(text: string, ctx: PluginContext): Challenge {
  const match = FORM.exec(text);
  const [, body = "", seal = ""] = match ?? [];
  if (match === null || !equalSecrets(Buffer.from(seal), Buffer.from(sealOf(body, ctx)))) {
    throw raise("identity.badChallenge", { internal: "not ours" });
  }
  // Sealed by `writeChallenge`.
  const read = JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as Challenge & {
    readonly until: number;
  };
  if (read.until <= ctx.clock.now()) throw raise("identity.badChallenge", { internal: "too old" });
  return read;
}

function sealOf(text: string, ctx: PluginContext): string {
  return Buffer.from(hmacSha256(ctx.secrets.derive(PURPOSE), text)).toString("base64url");
}
