import { createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { CryptoKey, JWK } from "jose";
import type { PluginContext, PublicJwks } from "portico/kernel";
import { raise } from "../errors.ts";
import { settingsOf } from "./settings.ts";
import { SIGNING_KEY_CHANGES } from "./tables.ts";
import type { SessionTables, SigningKeyRow } from "./tables.ts";

const DAY_MS = 86_400_000;
/** From its publication to its first signature: verifiers that keep the set for a day know it by then. */
const AHEAD_MS = DAY_MS;
/** After its last signature a key stays published for as long as anything it signed may live. */
const KEPT_MS = DAY_MS;
/** Keys that nobody has heard of are looked for in the store so often at most: whoever makes them up costs no more. */
const LOOK_AGAIN_MS = 5_000;

/** The longest life that a signature may be given. */
export const SIGNED_LIFE_MAX_SECONDS = KEPT_MS / 1_000;

/** A key that signs, ready for use. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly signsFrom: number;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly privateJwk: Readonly<Record<string, unknown>>;
  readonly publicKey: CryptoKey;
  readonly privateKey: KeyObject;
}

/**
 * The installation's signing keys, the same in every process: which one signs follows from the rows and the time alone. The
 * next is published a day before it signs; who inserts its number first has decided for all.
 */
export class SigningKeys {
  readonly #ctx: PluginContext;
  readonly #unwatch: () => void;
  #keys: readonly SigningKey[] = [];
  #reading: Promise<void> = Promise.resolve();
  #lookedAt = -Infinity;

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
    this.#unwatch = ctx.changes.watch(SIGNING_KEY_CHANGES, () => {
      // What is known goes on signing meanwhile: a key is published long before it is needed.
      this.#readAgain().catch((error: unknown) => {
        ctx.logger.warn({ err: error }, "the signing keys could not be read");
      });
    });
  }

  /** Reads the keys, and makes the first where there is none: from then on signing asks the store nothing. */
  async start(): Promise<void> {
    if ((await this.#rows()).length === 0) {
      const now = Math.floor(this.#ctx.clock.now());
      await this.#publish(1, now, now);
    }
    await this.#readAgain();
  }

  /** The key that signs now. */
  current(): SigningKey {
    const [present] = this.present();
    if (present === undefined) throw raise("identity.notStarted");
    return present;
  }

  /** Keys that sign or have signed, the one that signs now first. */
  present(): readonly SigningKey[] {
    const now = this.#ctx.clock.now();
    const signing = this.#keys.filter(({ signsFrom }) => signsFrom <= now);
    // A clock behind that of the process which made the first key still has a key.
    return signing.length === 0 ? this.#keys.slice(0, 1) : signing.toReversed();
  }

  /** Public halves: of the recent past, the present and the next. */
  publicKeys(): PublicJwks {
    return this.#keys.map(({ publicJwk }) => publicJwk);
  }

  /** The key of an id; one that is not known is looked for in the store, now and then. */
  async find(kid: string): Promise<SigningKey | undefined> {
    const known = this.#keys.find((key) => key.kid === kid);
    const now = this.#ctx.clock.monotonic();
    if (known !== undefined || now - this.#lookedAt < LOOK_AGAIN_MS) return known;
    this.#lookedAt = now;
    await this.#readAgain();
    return this.#keys.find((key) => key.kid === kid);
  }

  /** Publishes the next key when it is due, and forgets those whose signatures have all expired. */
  async rotate(): Promise<void> {
    const { clock } = this.#ctx;
    const now = Math.floor(clock.now());
    const rows = await this.#rows();
    const newest = rows.at(-1);
    const next = nextKey(newest, now, settingsOf(this.#ctx).tokens);
    if (next !== undefined) await this.#publish(next.number, now, next.signsFrom);
    const outlived = rows.filter((_, index) => {
      const successor = rows[index + 1];
      return successor !== undefined && successor.signs_from + KEPT_MS < now;
    });
    if (outlived.length > 0) await this.#forget(outlived.map(({ number }) => number));
  }

  stop(): void {
    this.#unwatch();
  }

  /** One reading after another: what is read last is what is true last. */
  #readAgain(): Promise<void> {
    const reading = this.#reading.catch(() => undefined).then(() => this.#read());
    this.#reading = reading;
    return reading;
  }

  async #read(): Promise<void> {
    const rows = await this.#rows();
    this.#keys = await Promise.all(rows.map((row) => toKey(row, this.#ctx)));
  }

  async #rows(): Promise<readonly SigningKeyRow[]> {
    return await this.#ctx.store
      .read("instance")
      .db<SessionTables>()
      .selectFrom("identity_signing_keys")
      .selectAll()
      .orderBy("number")
      .execute();
  }

  async #publish(number: number, now: number, signsFrom: number): Promise<void> {
    const { store, logger } = this.#ctx;
    const made = await makeKey(this.#ctx);
    const row = { ...made, number, published_at: now, signs_from: signsFrom };
    const isOurs = await store.transaction(
      { scope: "instance", origin: this.#ctx.newOrigin("identity") },
      async (tx) => {
        const { numInsertedOrUpdatedRows = 0n } = await tx
          .db<SessionTables>()
          .insertInto("identity_signing_keys")
          .values(row)
          .onConflict((conflict) => conflict.column("number").doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows === 0n) return false;
        tx.changed(SIGNING_KEY_CHANGES, made.kid);
        tx.audit({
          action: "identity.signingKeyPublished",
          target: made.kid,
          after: { algorithm: made.algorithm, signsFrom },
        });
        return true;
      },
    );
    // The audit keeps it; an embedded server has nothing to say on its first start.
    if (isOurs)
      logger.debug({ kid: made.kid, algorithm: made.algorithm }, "a signing key was made");
  }

  async #forget(numbers: readonly number[]): Promise<void> {
    const { store } = this.#ctx;
    const origin = this.#ctx.newOrigin("identity");
    await store.transaction({ scope: "instance", origin }, async (tx) => {
      await tx
        .db<SessionTables>()
        .deleteFrom("identity_signing_keys")
        .where("number", "in", numbers)
        .execute();
      tx.changed(SIGNING_KEY_CHANGES, "*");
    });
  }
}

interface KeyPolicy {
  readonly algorithm: string;
  readonly keyDays: number;
}

/** The key to publish now, if one is due. */
export function nextKey(
  newest: Pick<SigningKeyRow, "number" | "algorithm" | "signs_from"> | undefined,
  now: number,
  { algorithm, keyDays }: KeyPolicy,
): { readonly number: number; readonly signsFrom: number } | undefined {
  if (newest === undefined) return { number: 1, signsFrom: now };
  const number = newest.number + 1;
  const dueAt = newest.signs_from + keyDays * DAY_MS;
  if (newest.signs_from > now) return undefined;
  if (newest.algorithm !== algorithm) return { number, signsFrom: now + AHEAD_MS };
  if (now < dueAt - AHEAD_MS) return undefined;
  return { number, signsFrom: Math.max(dueAt, now + AHEAD_MS) };
}

function placeOf(kid: string): readonly string[] {
  return ["instance", "identity_signing_keys", "private_sealed", kid];
}

async function makeKey(
  ctx: PluginContext,
): Promise<Omit<SigningKeyRow, "number" | "published_at" | "signs_from">> {
  const { calculateJwkThumbprint, exportJWK, generateKeyPair } = await import("jose");
  const { algorithm } = settingsOf(ctx).tokens;
  const pair = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2_048 });
  const publicJwk = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const privateJwk = await exportJWK(pair.privateKey);
  const named = { kid, use: "sig", alg: algorithm };
  return {
    kid,
    algorithm,
    public_jwk: JSON.stringify({ ...publicJwk, ...named }),
    private_sealed: ctx.secrets.seal(JSON.stringify({ ...privateJwk, ...named }), placeOf(kid)),
  };
}

async function toKey(row: SigningKeyRow, ctx: PluginContext): Promise<SigningKey> {
  const { importJWK } = await import("jose");
  const { kid, algorithm, public_jwk, private_sealed, signs_from } = row;
  // Both were written by `makeKey`.
  const publicJwk = JSON.parse(public_jwk) as JWK;
  const privateJwk = JSON.parse(ctx.secrets.open(private_sealed, placeOf(kid))) as JWK;
  const publicKey = await importJWK(publicJwk, algorithm);
  return {
    kid,
    algorithm,
    signsFrom: signs_from,
    publicJwk: { ...publicJwk },
    privateJwk: { ...privateJwk },
    // Only a symmetric key, which no algorithm of ours has, is imported as bytes.
    publicKey: publicKey as CryptoKey,
    privateKey: createPrivateKey({ key: privateJwk, format: "jwk" }),
  };
}
