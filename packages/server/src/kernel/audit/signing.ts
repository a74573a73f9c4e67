import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { canonicalJson, equalSecrets, sha256 } from "../../base/index.ts";
import type { Secrets } from "../contract/index.ts";
import { placeholders } from "../log/index.ts";
import type { Driver } from "../store/index.ts";
import { signCheckpoint } from "./entry.ts";
import type { Checkpoint } from "./entry.ts";

/** A checkpoint with what vouches for it. */
export interface SignedCheckpoint extends Checkpoint {
  /** Ed25519 in base64; of checkpoints without a key, an HMAC in hex. */
  readonly signature: string;
  /** Id of the key; null for those of before there were keys. */
  readonly key: string | null;
}

/** What signs and checks. */
export interface SigningOptions {
  readonly driver: Driver;
  readonly secrets: Pick<Secrets, "derive" | "seal" | "open">;
}

interface SigningKey {
  readonly id: string;
  readonly secret: KeyObject;
  readonly open: KeyObject;
}

/**
 * Signs with the installation's Ed25519 key, which is made at the first checkpoint and sealed by the keyring: whoever has
 * the database alone can sign nothing, and whoever has the public key can check without the keyring.
 */
export async function signWith(
  options: SigningOptions,
  checkpoint: Checkpoint,
): Promise<SignedCheckpoint> {
  const [key = await makeKey(options)] = await readKeys(options);
  const signature = sign(null, bytesOf(checkpoint), key.secret).toString("base64");
  return { ...checkpoint, signature, key: key.id };
}

/** Finds out which checkpoints are ours. */
export async function checker(
  options: SigningOptions,
): Promise<(checkpoint: SignedCheckpoint) => boolean> {
  const keys = new Map((await readKeys(options)).map((key) => [key.id, key]));
  return (checkpoint) => {
    const { key: id, signature } = checkpoint;
    if (id === null) return isByHmac(options.secrets, checkpoint);
    const key = keys.get(id);
    return (
      key !== undefined &&
      verify(null, bytesOf(checkpoint), key.open, Buffer.from(signature, "base64"))
    );
  };
}

/** Public keys by id: SubjectPublicKeyInfo in PEM. */
export async function publicKeys(options: SigningOptions): Promise<ReadonlyMap<string, string>> {
  const keys = await readKeys(options);
  return new Map(keys.map(({ id, open }) => [id, publicText(open)]));
}

function isByHmac(secrets: Pick<Secrets, "derive">, checkpoint: SignedCheckpoint): boolean {
  const expected = signCheckpoint(secrets.derive("audit"), checkpoint);
  return equalSecrets(Buffer.from(expected), Buffer.from(checkpoint.signature));
}

function bytesOf({ seq, hash, at }: Checkpoint): Buffer {
  return Buffer.from(canonicalJson({ seq, hash, at }));
}

/** Newest first. A row that the keyring does not open is no key of ours: what it signed is not believed. */
async function readKeys({ driver, secrets }: SigningOptions): Promise<readonly SigningKey[]> {
  const { rows } = await driver.query({
    sql: `select id, sealed from audit_keys order by at desc, id`,
    parameters: [],
  });
  return rows.flatMap((row) => {
    const id = String(row["id"]);
    try {
      const secret = createPrivateKey(secrets.open(String(row["sealed"]), placeOf(id)));
      const open = createPublicKey(secret);
      return idOf(open) === id ? [{ id, secret, open }] : [];
    } catch {
      return [];
    }
  });
}

async function makeKey({ driver, secrets }: SigningOptions): Promise<SigningKey> {
  const { privateKey: secret, publicKey: open } = generateKeyPairSync("ed25519");
  const id = idOf(open);
  const pem = secret.export({ type: "pkcs8", format: "pem" });
  await driver.append([
    {
      sql: placeholders(driver.dialect)(`insert into audit_keys (id, sealed, at) values (?, ?, ?)`),
      parameters: [id, secrets.seal(pem, placeOf(id)), await driver.now()],
    },
  ]);
  return { id, secret, open };
}

function idOf(open: KeyObject): string {
  return `auk_${Buffer.from(sha256(publicText(open)))
    .toString("hex")
    .slice(0, 32)}`;
}

function publicText(open: KeyObject): string {
  return open.export({ type: "spki", format: "pem" });
}

function placeOf(id: string): readonly string[] {
  return ["instance", "audit_keys", "sealed", id];
}
