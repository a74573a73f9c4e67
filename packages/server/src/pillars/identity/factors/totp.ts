import { Buffer } from "node:buffer";
import { Secret, TOTP } from "otpauth";

/** 160 bits, the length that RFC 4226 §4 recommends. */
const SECRET_BYTES = 20;
// What every authenticator app can do (RFC 6238 with the values of RFC 4226 §5.3).
const FORM = { algorithm: "SHA1", digits: 6, period: 30 } as const;
/** Steps before and after the present one whose codes are taken too: clocks differ, and people type slowly. */
const WINDOW = 1;
const CODE = /^\d{6}$/;

/** A new secret in base 32, as authenticator apps show it. */
export function newSecret(fillRandom: (bytes: Uint8Array) => void): string {
  const bytes = Buffer.alloc(SECRET_BYTES);
  fillRandom(bytes);
  return new Secret({ buffer: new Uint8Array(bytes).buffer }).base32;
}

/** Whose secret it is, for the app that keeps it. */
export interface TotpLabel {
  readonly issuer: string;
  readonly label: string;
}

/** The `otpauth:` address that a QR code holds. */
export function totpUri(secret: string, { issuer, label }: TotpLabel): string {
  return new TOTP({ ...FORM, issuer, label, secret: Secret.fromBase32(secret) }).toString();
}

/**
 * The time step (RFC 6238 §4.2) whose code this is, among the present one and its neighbours; undefined for none. Whoever asks
 * keeps the step: a code is good once.
 */
export function stepOf(code: string, secret: string, nowMs: number): number | undefined {
  if (!CODE.test(code)) return undefined;
  const totp = new TOTP({ ...FORM, secret: Secret.fromBase32(secret) });
  // The library compares in constant time, and looks at every step of the window.
  const delta = totp.validate({ token: code, timestamp: nowMs, window: WINDOW });
  return delta === null ? undefined : totp.counter({ timestamp: nowMs }) + delta;
}

/** True for what has the form of a one-time code. */
export function isTotpCode(code: string): boolean {
  return CODE.test(code);
}
