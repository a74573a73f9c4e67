import { Buffer } from "node:buffer";
import { sha256, statement } from "portico/kernel";
import type { Append, PluginContext } from "portico/kernel";
import { OAUTH_CHANGES } from "./tables.ts";
import type { ModelRow, OAuthTables } from "./tables.ts";

/** Rows that one batch of the sweep deletes. */
const SWEPT_MAX = 1_000;

/** A thing of the protocol as it is written. */
export interface NewModel {
  readonly model: string;
  /** Its text: never stored. */
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly grantId?: string | undefined;
  readonly uid?: string | undefined;
  readonly userCode?: string | undefined;
  readonly clientId?: string | undefined;
  readonly accountId?: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The same as it is found. */
export interface FoundModel {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly consumedAt: number | null;
}

type Written = Pick<
  ModelRow,
  "model" | "id_hash" | "payload" | "grant_id" | "uid" | "user_code" | "client_id" | "account_id"
> &
  Pick<ModelRow, "expires_at">;

const put = statement<{ [name in keyof Written]: Written[name] }, OAuthTables>(
  "oauth.putModel",
  (db, param) =>
    db
      .insertInto("oauth_models")
      .values({ ...columns(param), consumed_at: null })
      .onConflict((conflict) =>
        conflict.columns(["model", "id_hash"]).doUpdateSet({
          payload: param("payload"),
          grant_id: param("grant_id"),
          uid: param("uid"),
          user_code: param("user_code"),
          client_id: param("client_id"),
          account_id: param("account_id"),
          expires_at: param("expires_at"),
        }),
      ),
);

const putOnce = statement<{ [name in keyof Written]: Written[name] }, OAuthTables>(
  "oauth.putModelOnce",
  (db, param) =>
    db
      .insertInto("oauth_models")
      .values({ ...columns(param), consumed_at: null })
      .onConflict((conflict) => conflict.columns(["model", "id_hash"]).doNothing()),
);

const dropExpired = statement<{ model: string; id_hash: string; now: number }, OAuthTables>(
  "oauth.dropExpired",
  (db, param) =>
    db
      .deleteFrom("oauth_models")
      .where("model", "=", param("model"))
      .where("id_hash", "=", param("id_hash"))
      .where("expires_at", "<=", param("now")),
);

const consume = statement<{ model: string; id_hash: string; now: number }, OAuthTables>(
  "oauth.consumeModel",
  (db, param) =>
    db
      .updateTable("oauth_models")
      .set({ consumed_at: param("now") })
      .where("model", "=", param("model"))
      .where("id_hash", "=", param("id_hash"))
      .where("consumed_at", "is", null),
);

const drop = statement<{ model: string; id_hash: string }, OAuthTables>(
  "oauth.dropModel",
  (db, param) =>
    db
      .deleteFrom("oauth_models")
      .where("model", "=", param("model"))
      .where("id_hash", "=", param("id_hash")),
);

const dropOfGrant = statement<{ grant_id: string }, OAuthTables>(
  "oauth.dropModelsOfGrant",
  (db, param) => db.deleteFrom("oauth_models").where("grant_id", "=", param("grant_id")),
);

function columns(param: (name: keyof Written) => never): Record<keyof Written, never> {
  return {
    model: param("model"),
    id_hash: param("id_hash"),
    payload: param("payload"),
    grant_id: param("grant_id"),
    uid: param("uid"),
    user_code: param("user_code"),
    client_id: param("client_id"),
    account_id: param("account_id"),
    expires_at: param("expires_at"),
  };
}

/** Codes, refresh tokens, interactions and the like in the database. */
export class ModelStore {
  readonly #ctx: PluginContext;
  /** Told of each end as soon as it is durable, so that this process need not wait for the change feed. */
  readonly #ended: (change: string) => void;

  constructor(ctx: PluginContext, ended: (change: string) => void) {
    this.#ctx = ctx;
    this.#ended = ended;
  }

  /** Writes it, in the place of what it was. */
  async put(model: NewModel): Promise<void> {
    await this.#append((batch) => batch.write(put, this.#row(model), 1));
  }

  /** Writes it unless it is there already. False when it was: a proof that was sent before. */
  async putOnce(model: NewModel): Promise<boolean> {
    const row = this.#row(model);
    const now = this.#now();
    return await this.#whetherWritten((batch) => {
      batch.write(dropExpired, { model: row.model, id_hash: row.id_hash, now });
      batch.write(putOnce, row, 1);
    });
  }

  /** Undefined for what is not there or has expired. */
  async find(model: string, id: string): Promise<FoundModel | undefined> {
    const row = await this.#select()
      .where("model", "=", model)
      .where("id_hash", "=", hashOf(id))
      .executeTakeFirst();
    return this.#found(row);
  }

  /** The same by another of its names; of several, the one that lives longest. */
  async findBy(
    model: string,
    name: "uid" | "user_code",
    value: string,
  ): Promise<FoundModel | undefined> {
    const row = await this.#select()
      .where("model", "=", model)
      .where(name, "=", value)
      .orderBy("expires_at", "desc")
      .executeTakeFirst();
    return this.#found(row);
  }

  /** Uses it up. False when somebody, on any process, has done so before: the one decision of who was first. */
  async consume(model: string, id: string): Promise<boolean> {
    const given = { model, id_hash: hashOf(id), now: this.#now() };
    return await this.#whetherWritten((batch) => batch.write(consume, given, 1));
  }

  /** Ends it. */
  async drop(model: string, id: string, change?: string): Promise<void> {
    await this.#append((batch) => {
      batch.write(drop, { model, id_hash: hashOf(id) });
      if (change !== undefined) batch.changed(OAUTH_CHANGES, change);
    });
    if (change !== undefined) this.#ended(change);
  }

  /** Ends a sign-in with its codes and tokens of every kind. */
  async dropGrant(grantId: string): Promise<void> {
    const change = `grant:${grantId}`;
    await this.#append((batch) => {
      batch.write(dropOfGrant, { grant_id: grantId });
      batch.changed(OAUTH_CHANGES, change);
    });
    this.#ended(change);
  }

  /** Keeps the id of an access token that must not be accepted any more, for as long as it would live. */
  async revokeToken(jti: string, expiresAt: number): Promise<void> {
    const row = this.#row({ model: "RevokedToken", id: jti, payload: {}, expiresAt });
    const change = `token:${jti}`;
    await this.#append((batch) => {
      batch.write(put, row, 1);
      batch.changed(OAUTH_CHANGES, change);
    });
    this.#ended(change);
  }

  /** Deletes what has expired, at most 1,000 rows. Answers how many. */
  async sweep(): Promise<number> {
    const before = this.#now();
    const origin = this.#ctx.newOrigin("oauth");
    return await this.#ctx.store.transaction({ scope: "instance", origin }, async (tx) => {
      const db = tx.db<OAuthTables>();
      const old = await db
        .selectFrom("oauth_models")
        .select(["model", "id_hash"])
        .where("expires_at", "<=", before)
        .limit(SWEPT_MAX)
        .execute();
      for (const model of new Set(old.map((row) => row.model))) {
        const hashes = old.filter((row) => row.model === model).map((row) => row.id_hash);
        await db
          .deleteFrom("oauth_models")
          .where("model", "=", model)
          .where("id_hash", "in", hashes)
          .where("expires_at", "<=", before)
          .execute();
      }
      return old.length;
    });
  }

  #select() {
    return this.#ctx.store
      .read("instance")
      .db<OAuthTables>()
      .selectFrom("oauth_models")
      .selectAll()
      .where("expires_at", ">", this.#now());
  }

  #found(row: ModelRow | undefined): FoundModel | undefined {
    if (row === undefined) return undefined;
    const text = this.#ctx.secrets.open(row.payload, placeOf(row));
    // Sealed by `#row`: it is what was written.
    const payload = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return { payload, consumedAt: row.consumed_at };
  }

  #row(model: NewModel): Written {
    const id_hash = hashOf(model.id);
    const place = placeOf({ model: model.model, id_hash });
    return {
      model: model.model,
      id_hash,
      payload: this.#ctx.secrets.seal(JSON.stringify(model.payload), place),
      grant_id: model.grantId ?? null,
      uid: model.uid ?? null,
      user_code: model.userCode ?? null,
      client_id: model.clientId ?? null,
      account_id: model.accountId ?? null,
      expires_at: Math.floor(model.expiresAt),
    };
  }

  #now(): number {
    return Math.floor(this.#ctx.clock.now());
  }

  async #append(write: (batch: Append) => void): Promise<void> {
    const origin = this.#ctx.newOrigin("oauth");
    await this.#ctx.store.append({ scope: "instance", origin }, write);
  }

  async #whetherWritten(write: (batch: Append) => void): Promise<boolean> {
    try {
      await this.#append(write);
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }
}

function isConflict(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    error.code === "store.conflict"
  );
}

function placeOf({ model, id_hash }: Pick<ModelRow, "model" | "id_hash">): readonly string[] {
  return ["oauth_models", model, id_hash];
}

// Texts of 256 random bits: a plain hash is as strong as a slow one.
function hashOf(id: string): string {
  return Buffer.from(sha256(id)).toString("hex");
}
