import { Buffer } from "node:buffer";
import { equalSecrets, hmacSha256, randomBase62 } from "portico/kernel";

const COOKIE = /^pss_[0-9A-Za-z]{43}$/;
const REFRESH = /^prt_([0-7][0-9a-hjkmnp-tv-z]{25})_(\d{1,9})_[0-9A-Za-z]{43}_([A-Za-z0-9_-]{22})$/;
/** 43 base62 characters carry 256 bits. */
const SECRET_LENGTH = 43;
const SEAL_BYTES = 16;

type Fill = (bytes: Uint8Array) => void;

/** Makes the text of a session's cookie: `pss_` and 256 bits. */
export function makeCookieText(fill: Fill): string {
  return `pss_${randomBase62(SECRET_LENGTH, fill)}`;
}

/** Whether a text has the form of a session's cookie: others cost no look-up. */
export function isCookieText(text: string): boolean {
  return COOKIE.test(text);
}

/** Whose refresh token it is to be. */
export interface RefreshPlace {
  readonly id: string;
  readonly generation: number;
  /** The session's own 256 bits. */
  readonly seal: Uint8Array;
}

/**
 * Makes a refresh token: session, generation, 256 bits, and a seal over the three. The store holds the hash of the present
 * one only; by the seal an older one is known as ours without a row for each.
 */
export function makeRefreshText({ id, generation, seal }: RefreshPlace, fill: Fill): string {
  const text = `prt_${id.slice("session_".length)}_${generation}_${randomBase62(SECRET_LENGTH, fill)}`;
  return `${text}_${sealOf(text, seal).toString("base64url")}`;
}

/** The session and generation that a refresh token says; undefined for another form. */
export function readRefreshText(
  text: string,
): { readonly id: string; readonly generation: number } | undefined {
  const match = REFRESH.exec(text);
  if (match === null) return undefined;
  return { id: `session_${match[1] ?? ""}`, generation: Number(match[2]) };
}

/** Whether this server has made the refresh token for the session whose seal it is. */
export function isSealed(text: string, seal: Uint8Array): boolean {
  const end = text.length - 23;
  // As text: other spellings of the same bytes are none of ours.
  const expected = sealOf(text.slice(0, end), seal).toString("base64url");
  return equalSecrets(Buffer.from(expected), Buffer.from(text.slice(end + 1)));
}

function sealOf(text: string, seal: Uint8Array): Buffer {
  return Buffer.from(hmacSha256(seal, text).subarray(0, SEAL_BYTES));
}
