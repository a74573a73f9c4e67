import { Buffer } from "node:buffer";
import { argon2 } from "node:crypto";
import { availableParallelism } from "node:os";
import { equalSecrets } from "portico/kernel";
import type { Counter, PluginContext } from "portico/kernel";
import { raise } from "./errors.ts";
import { readPhc, writePhc } from "./phc.ts";
import type { HashFigures } from "./phc.ts";
import { settingsOf } from "./settings.ts";

const SALT_BYTES = 16;
const TAG_BYTES = 32;
/** Of libuv's four threads one stays free for files and names. */
const AT_ONCE_MAX = 3;
const RETRY_SECONDS = "2";

/** Whether a password was right, and whether its hash should be made anew. */
export interface Verdict {
  readonly isRight: boolean;
  readonly isOutdated: boolean;
}

/**
 * Hashes passwords with Argon2id (RFC 9106) in libuv's threads, a few at a time: each takes 19 MiB and some 30 ms of a core.
 * Who comes when the queue is full is refused at once (`identity.busy`).
 */
export class Hasher {
  readonly #ctx: PluginContext;
  readonly #figures: HashFigures;
  readonly #atOnce: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  readonly #made: Counter;
  /** Of no password: what is compared with where there is no account, so that it takes as long. */
  readonly #decoy: string;
  #running = 0;

  constructor(ctx: PluginContext) {
    const settings = settingsOf(ctx);
    this.#ctx = ctx;
    this.#figures = {
      memory: settings.passwordMemoryKiB,
      passes: settings.passwordPasses,
      parallelism: 1,
    };
    const spare = Math.min(AT_ONCE_MAX, Math.max(1, availableParallelism() - 1));
    this.#atOnce = settings.hashesAtOnce === 0 ? spare : settings.hashesAtOnce;
    this.#waitingMax = settings.hashesWaitingMax;
    this.#made = ctx.meter.counter("identity_password_hashes_total", "Passwords that were hashed.");
    this.#decoy = writePhc({
      ...this.#figures,
      salt: this.#random(SALT_BYTES),
      tag: this.#random(TAG_BYTES),
    });
  }

  /** The hash of a password, in PHC form. Throws `identity.busy`. */
  async hash(password: string): Promise<string> {
    const salt = this.#random(SALT_BYTES);
    const tag = await this.#derive(password, { ...this.#figures, salt, tagLength: TAG_BYTES });
    return writePhc({ ...this.#figures, salt, tag });
  }

  /** Whether this is the password of a hash. One hash is made in any case, for null too. Throws `identity.busy`. */
  async verify(hash: string | null, password: string): Promise<Verdict> {
    const known = hash === null ? undefined : readPhc(hash);
    const read = known ?? readPhc(this.#decoy);
    if (read === undefined) throw new TypeError("the decoy is a hash");
    const tag = await this.#derive(password, { ...read, tagLength: read.tag.byteLength });
    const isRight = equalSecrets(tag, read.tag) && known !== undefined;
    const { memory, passes } = this.#figures;
    return { isRight, isOutdated: read.memory !== memory || read.passes !== passes };
  }

  async #derive(
    password: string,
    figures: HashFigures & { readonly salt: Uint8Array; readonly tagLength: number },
  ): Promise<Uint8Array> {
    const { salt, memory, passes, parallelism, tagLength } = figures;
    await this.#turn();
    try {
      this.#made.add(1);
      const message = Buffer.from(password);
      return await new Promise((resolve, reject) => {
        argon2(
          "argon2id",
          { message, nonce: salt, memory, passes, parallelism, tagLength },
          (error, tag) => {
            if (error === null) resolve(tag);
            else reject(error);
          },
        );
      });
    } finally {
      this.#release();
    }
  }

  #turn(): Promise<void> {
    if (this.#running < this.#atOnce) {
      this.#running += 1;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#waitingMax) {
      throw raise("identity.busy", { headers: { "retry-after": RETRY_SECONDS } });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  // The turn goes to who waits, without being free in between: nobody overtakes.
  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }

  #random(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#ctx.fillRandom(bytes);
    return bytes;
  }
}
