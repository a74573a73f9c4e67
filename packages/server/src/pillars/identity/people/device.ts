import { Buffer } from "node:buffer";
import { equalSecrets, hmacSha256 } from "portico/kernel";
import type { PluginContext, RequestClient } from "portico/kernel";
import type { PersonRow } from "./tables.ts";

const FIELD = "portico-device";
const NAME_LENGTH_MAX = 256;
const LIFE_MS = 180 * 86_400_000;
const TOKEN = /^dev_([0-9a-z_]{1,64})\.([0-9a-z]{1,12})\.([A-Za-z0-9_-]{43})$/;

/** A token by which a device is known again on which somebody has signed in. */
export interface DeviceToken {
  readonly token: string;
  /** A `Set-Cookie` field that makes a browser keep it. */
  readonly cookie: string;
}

/** What a device says it is: the `User-Agent` field, cut. */
export function deviceName({ headers }: Pick<RequestClient, "headers">): string {
  return String(headers["user-agent"] ?? "").slice(0, NAME_LENGTH_MAX);
}

/** Makes the token of a device on which this person has just signed in. It opens nothing: it only has a count of its own. */
export function deviceToken(id: string, isHttps: boolean, ctx: PluginContext): DeviceToken {
  const at = Math.floor(ctx.clock.now()).toString(36);
  const token = `dev_${id}.${at}.${macOf(id, at, ctx)}`;
  const name = isHttps ? `__Host-${FIELD}` : FIELD;
  const secure = isHttps ? "; Secure" : "";
  const age = LIFE_MS / 1_000;
  const cookie = `${name}=${token}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${secure}`;
  return { token, cookie };
}

/** The device token that a request carries: in a header of an app, in a browser's cookie. */
export function deviceIn({ headers }: Pick<RequestClient, "headers">): string | undefined {
  const own = headers[FIELD];
  if (typeof own === "string") return own;
  const { cookie } = headers;
  if (typeof cookie !== "string") return undefined;
  return /(?:^|;\s*)(?:__Host-)?portico-device=([^;\s]+)/.exec(cookie)?.[1];
}

/**
 * True when the token was made for this account, and after its present password: whoever has learnt of an older one is no
 * known device any more.
 */
export function isKnownDevice(
  token: string | undefined,
  row: PersonRow | undefined,
  ctx: PluginContext,
): boolean {
  if (token === undefined || row === undefined) return false;
  const [, id = "", at = "", mac = ""] = TOKEN.exec(token) ?? [];
  if (id !== row.id) return false;
  const expected = macOf(id, at, ctx);
  if (!equalSecrets(Buffer.from(mac), Buffer.from(expected))) return false;
  const madeMs = Number.parseInt(at, 36);
  return madeMs >= (row.password_at ?? 0) && madeMs > ctx.clock.now() - LIFE_MS;
}

function macOf(id: string, at: string, ctx: PluginContext): string {
  const key = ctx.secrets.derive("identity.device");
  return Buffer.from(hmacSha256(key, id, "\0", at)).toString("base64url");
}
