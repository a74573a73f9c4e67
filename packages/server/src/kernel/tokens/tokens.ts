import { Buffer } from "node:buffer";
import { sha256 } from "../../base/index.ts";
import type { Clock, MakeId } from "../../base/index.ts";
import { raiseAccess } from "../access/index.ts";
import type {
  Authenticator,
  Caller,
  IssuedToken,
  SqlRow,
  Tokens,
  TokenSpec,
} from "../contract/index.ts";
import { placeholders } from "../log/index.ts";
import type { Driver } from "../store/index.ts";
import { raiseTokens } from "./errors.ts";

const PREFIX = "ptk_";
const SECRET_BYTES = 32;
const HOUR_MS = 3_600_000;
const LIFE_MAX_MS = 24 * HOUR_MS;
const LIFE_MIN_MS = 1_000;
const TEXT_MAX = 256;
/** Rows that one issue sweeps away at most. */
const SWEPT = 1_000;

/** What tokens are made of. */
export interface TokensOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly fillRandom: (bytes: Uint8Array) => void;
}

/** The service that plugins see, and what recognises its tokens in requests. */
export interface RunningTokens {
  readonly tokens: Tokens;
  readonly authenticator: Authenticator;
}

/** Makes the issuer and its authenticator over one database. */
export function createTokens(options: TokensOptions): RunningTokens {
  const to = placeholders(options.driver.dialect);
  const { driver } = options;
  const remove = to(`delete from tokens_tokens where organization = ? and subject = ?`);
  return {
    tokens: {
      issue: (spec) => issue(options, spec),
      revoke: async ({ organization, subject }) => {
        await driver.append([{ sql: remove, parameters: [organization, subject] }]);
      },
    },
    authenticator: {
      id: "tokens",
      challenge: "Bearer",
      find: ({ headers }) => bearerOf(headers["authorization"]),
      identify: (credential) => identify(options, credential),
    },
  };
}

async function issue(options: TokensOptions, spec: TokenSpec): Promise<IssuedToken> {
  const { driver, clock, makeId, fillRandom } = options;
  const { organization, subject, permissions, restrictions = {}, expiresInMs = HOUR_MS } = spec;
  const reason = objectionTo(spec);
  if (reason !== undefined) throw raiseTokens("tokens.badSpec", { params: { reason } });
  const to = placeholders(driver.dialect);
  const secret = Buffer.alloc(SECRET_BYTES);
  fillRandom(secret);
  const token = PREFIX + secret.toString("base64url");
  const id = makeId("token");
  const now = clock.now();
  const expiresAt = now + expiresInMs;
  await driver.append([
    {
      sql: to(
        `delete from tokens_tokens where hash in (select hash from tokens_tokens where expires_at <= ? limit ${SWEPT})`,
      ),
      parameters: [now],
    },
    {
      sql: to(
        `insert into tokens_tokens (hash, id, organization, subject, permissions, restrictions, expires_at)
         values (?, ?, ?, ?, ?, ?, ?)`,
      ),
      parameters: [
        hashOf(token),
        id,
        organization,
        subject,
        JSON.stringify(permissions),
        JSON.stringify(restrictions),
        expiresAt,
      ],
      rows: 1,
    },
  ]);
  return { token, id, expiresAt };
}

function objectionTo(spec: TokenSpec): string | undefined {
  const { subject, permissions, restrictions = {}, expiresInMs = HOUR_MS } = spec;
  if (!Number.isInteger(expiresInMs) || expiresInMs < LIFE_MIN_MS || expiresInMs > LIFE_MAX_MS)
    return `it lives from ${LIFE_MIN_MS} to ${LIFE_MAX_MS} ms, not ${expiresInMs}`;
  if (subject.length === 0 || subject.length > TEXT_MAX)
    return `its subject has from 1 to ${TEXT_MAX} characters`;
  if (permissions.length === 0) return "it has no permission";
  const values = Object.values(restrictions);
  if (values.some((value) => value.length === 0 || value.length > TEXT_MAX))
    return `the value of a restriction has from 1 to ${TEXT_MAX} characters`;
  return undefined;
}

async function identify({ driver, clock }: TokensOptions, credential: string): Promise<Caller> {
  const to = placeholders(driver.dialect);
  const { rows } = await driver.query({
    sql: to(
      `select id, organization, subject, permissions, restrictions from tokens_tokens
       where hash = ? and expires_at > ?`,
    ),
    parameters: [hashOf(credential), clock.now()],
  });
  const row = rows[0];
  // Unknown, expired and revoked look alike from outside.
  if (row === undefined) throw raiseAccess("access.unauthenticated");
  return toCaller(row);
}

function toCaller(row: SqlRow): Caller {
  // Written by `issue`.
  const restrictions = JSON.parse(String(row["restrictions"])) as Record<string, string>;
  return {
    kind: "token",
    organization: String(row["organization"]),
    subject: String(row["subject"]),
    credential: String(row["id"]),
    permissions: JSON.parse(String(row["permissions"])) as string[],
    instancePermissions: [],
    ...(Object.keys(restrictions).length === 0 ? {} : { restrictions }),
  };
}

function bearerOf(authorization: string | string[] | undefined): string | undefined {
  if (typeof authorization !== "string") return undefined;
  const found = /^bearer +(ptk_[A-Za-z0-9_-]+)$/i.exec(authorization)?.[1];
  return found?.startsWith(PREFIX) === true ? found : undefined;
}

// 256 random bits: a plain hash is as strong as a slow one, and finding by it tells nothing by its time.
function hashOf(text: string): string {
  return Buffer.from(sha256(text)).toString("hex");
}
