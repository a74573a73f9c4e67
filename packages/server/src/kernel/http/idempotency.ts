import { Buffer } from "node:buffer";
import type { Kysely } from "kysely";
import { canonicalJson, sha256, type Clock, type Problem } from "../../base/index.ts";
import type { Append, Origin, Read, SqlValue, Tx } from "../contract/index.ts";
import { statement, type StoreHub } from "../store/index.ts";
import { raise } from "./errors.ts";
import type { Answer } from "./options.ts";
import type { HttpTables, IdempotencyRow } from "./schema.ts";

/** One request under an Idempotency-Key. */
export interface KeyedRequest {
  readonly organization: string;
  readonly subject: string;
  readonly operation: string;
  readonly key: string;
  readonly fingerprint: string;
  /** How long its answer is kept. */
  readonly keptMs: number;
}

const OWNER = "http";
/** How long answers are kept where an operation has no rule of its own. */
export const KEPT_MS = 24 * 3_600_000;
const PURGED_MAX = 500;
const TWIN_WAIT_MS = 2_000;
const KEY = /^[\x21-\x7e]{1,255}$/;

/** The key of the header `Idempotency-Key`: an RFC 9651 string, or the same without quotes. */
export function readIdempotencyKey(header: string): string {
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header.trim());
  const key = quoted?.[1]?.replaceAll(/\\(["\\])/g, "$1") ?? header.trim();
  if (!KEY.test(key)) throw raise("request.idempotencyKey");
  return key;
}

/** The same for the same request, whatever the order of the keys in its JSON. */
export function fingerprintOf(parts: readonly unknown[]): string {
  return Buffer.from(sha256(canonicalJson(parts))).toString("hex");
}

const NEXT_ORGANIZATION = {
  sqlite:
    "select organization from http_idempotency where organization > ? order by organization limit 1",
  postgres:
    "select organization from http_idempotency where organization > $1 order by organization limit 1",
} as const;

/** Old answers of one organization: of all operations but those of a JSON list, or of one only. */
const PURGE = {
  sqlite: {
    but: `delete from http_idempotency where rowid in (select rowid from http_idempotency
      where organization = ? and created_at < ? and operation not in (select value from json_each(?))
      limit ${PURGED_MAX})`,
    only: `delete from http_idempotency where rowid in (select rowid from http_idempotency
      where organization = ? and created_at < ? and operation = ? limit ${PURGED_MAX})`,
  },
  postgres: {
    but: `delete from http_idempotency where ctid in (select ctid from http_idempotency
      where organization = $1 and created_at < $2
      and operation not in (select jsonb_array_elements_text(($3::text)::jsonb)) limit ${PURGED_MAX})`,
    only: `delete from http_idempotency where ctid in (select ctid from http_idempotency
      where organization = $1 and created_at < $2 and operation = $3 limit ${PURGED_MAX})`,
  },
} as const;

/** The organization is stamped on by the store. */
interface AnswerColumns extends Record<string, SqlValue> {
  readonly subject: string;
  readonly operation: string;
  readonly idempotency_key: string;
  readonly fingerprint: string;
  readonly status: number;
  readonly body: string | null;
  readonly headers: string;
  readonly created_at: number;
}

const insertAnswer = statement<AnswerColumns, HttpTables>(
  "http.insertAnswer",
  (db: Kysely<HttpTables>, param) =>
    db
      .insertInto("http_idempotency")
      .values({
        subject: param("subject"),
        operation: param("operation"),
        idempotency_key: param("idempotency_key"),
        fingerprint: param("fingerprint"),
        status: param("status"),
        body: param("body"),
        headers: param("headers"),
        created_at: param("created_at"),
      } as never)
      .onConflict((conflict) => conflict.doNothing()),
);

/** Answers kept under Idempotency-Keys, in the transaction of their effect. */
export class Idempotency {
  private readonly hub: StoreHub;
  private readonly clock: Clock;
  private readonly underWay = new Map<string, Promise<unknown>>();

  constructor(hub: StoreHub, clock: Clock) {
    this.hub = hub;
    this.clock = clock;
  }

  /**
   * Runs `work` alone among requests of this process with the same key: a twin waits up to 2 s for the first, then
   * is refused with `request.inProgress`. Between processes the primary key decides.
   */
  async alone<TValue>(request: KeyedRequest, work: () => Promise<TValue>): Promise<TValue> {
    const { organization, subject, operation, key } = request;
    const place = JSON.stringify([organization, subject, operation, key]);
    const late = Promise.withResolvers<"late">();
    let cancel: (() => void) | undefined;
    try {
      for (let first = this.underWay.get(place); first; first = this.underWay.get(place)) {
        cancel ??= this.clock.after(TWIN_WAIT_MS, () => late.resolve("late"));
        if ((await Promise.race([over(first), late.promise])) === "late") throw inProgress();
      }
    } finally {
      cancel?.();
    }
    // Nothing is awaited between the last look and this line: else two twins would both go on.
    const done = work();
    this.underWay.set(place, done);
    try {
      return await done;
    } finally {
      this.underWay.delete(place);
    }
  }

  /** The answer to replay, if this request was answered before. Throws `request.idempotencyReuse` for another one. */
  async find(request: KeyedRequest): Promise<Answer | undefined> {
    const read = this.hub.read(OWNER, { organization: request.organization });
    const row = await select(read, request);
    return row === undefined || this.isOld(row, request) ? undefined : replay(row, request);
  }

  /** Takes the key within the transaction; answers what to replay when another took it first. */
  async claim(tx: Tx, request: KeyedRequest): Promise<Answer | undefined> {
    const row = await select(tx, request);
    if (row !== undefined && !this.isOld(row, request)) return replay(row, request);
    if (row !== undefined) await remove(tx, request);
    const result = await tx
      .db<HttpTables>()
      .insertInto("http_idempotency")
      .values({ ...this.columns(request, undefined), organization: request.organization })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (result.numInsertedOrUpdatedRows === 1n) return undefined;
    // PostgreSQL has waited for the other's commit: its row is there now.
    const other = await select(tx, request);
    if (other === undefined) throw inProgress();
    return replay(other, request);
  }

  /** Keeps the answer of the request that took the key. */
  async settle(tx: Tx, request: KeyedRequest, answer: Answer): Promise<void> {
    const { status, body, headers } = this.columns(request, answer);
    await tx
      .db<HttpTables>()
      .updateTable("http_idempotency")
      .set({ status, body, headers })
      .where("subject", "=", request.subject)
      .where("operation", "=", request.operation)
      .where("idempotency_key", "=", request.key)
      .execute();
  }

  /** Adds the row to a batch, which fails as `store.conflict` when the key is taken. */
  write(batch: Append, request: KeyedRequest, answer: Answer): void {
    batch.write(insertAnswer, this.columns(request, answer), 1);
  }

  /** Deletes a row whose time of keeping is over, so that a batch may insert its own. */
  async forgetOld(request: KeyedRequest, origin: Origin): Promise<void> {
    const options = { scope: { organization: request.organization }, origin };
    await this.hub.transaction(options, async (session) => {
      const tx = session.as(OWNER);
      const row = await select(tx, request);
      if (row !== undefined && this.isOld(row, request)) await remove(tx, request);
    });
  }

  /**
   * Deletes answers whose time of keeping is over, of every organization; answers how many. `longer` has the operations
   * with a rule of their own. In small transactions: no writer waits for more than one of them.
   */
  async purge(longer: ReadonlyMap<string, number> = new Map()): Promise<number> {
    let purged = 0;
    let organization = await this.organizationAfter("");
    while (organization !== undefined) {
      const names = JSON.stringify([...longer.keys()]);
      purged += await this.purgeOf(organization, { which: "but", names, keptMs: KEPT_MS });
      for (const [operation, keptMs] of longer) {
        purged += await this.purgeOf(organization, { which: "only", names: operation, keptMs });
      }
      organization = await this.organizationAfter(organization);
    }
    return purged;
  }

  /** Walks the organizations by the index, one look-up each. */
  private async organizationAfter(organization: string): Promise<string | undefined> {
    const { rows } = await this.hub.driver.query({
      sql: NEXT_ORGANIZATION[this.hub.driver.dialect],
      parameters: [organization],
    });
    const found = rows[0]?.["organization"];
    return typeof found === "string" ? found : undefined;
  }

  private async purgeOf(
    organization: string,
    what: { readonly keptMs: number; readonly which: "but" | "only"; readonly names: string },
  ): Promise<number> {
    const { driver } = this.hub;
    const sql = PURGE[driver.dialect][what.which];
    const parameters = [organization, Math.floor(this.clock.now() - what.keptMs), what.names];
    let purged = 0;
    for (;;) {
      const { changes } = await driver.transaction((tx) => tx.execute({ sql, parameters }));
      purged += changes;
      if (changes < PURGED_MAX) return purged;
    }
  }

  private isOld(row: IdempotencyRow, { keptMs }: KeyedRequest): boolean {
    return row.created_at < this.clock.now() - keptMs;
  }

  private columns(request: KeyedRequest, answer: Answer | undefined): AnswerColumns {
    return {
      subject: request.subject,
      operation: request.operation,
      idempotency_key: request.key,
      fingerprint: request.fingerprint,
      status: answer?.status ?? 0,
      body: answer?.text ?? null,
      headers: JSON.stringify(answer?.headers ?? {}),
      created_at: Math.floor(this.clock.now()),
    };
  }
}

async function over(work: Promise<unknown>): Promise<"over"> {
  // How it ended is told to whoever asked for it; a twin looks for itself.
  await Promise.allSettled([work]);
  return "over";
}

function inProgress(): Problem {
  return raise("request.inProgress", { headers: { "retry-after": "1" } });
}

async function select(read: Read, request: KeyedRequest): Promise<IdempotencyRow | undefined> {
  return await read
    .db<HttpTables>()
    .selectFrom("http_idempotency")
    .selectAll()
    .where("subject", "=", request.subject)
    .where("operation", "=", request.operation)
    .where("idempotency_key", "=", request.key)
    .executeTakeFirst();
}

async function remove(tx: Tx, request: KeyedRequest): Promise<void> {
  await tx
    .db<HttpTables>()
    .deleteFrom("http_idempotency")
    .where("subject", "=", request.subject)
    .where("operation", "=", request.operation)
    .where("idempotency_key", "=", request.key)
    .execute();
}

function replay(row: IdempotencyRow, request: KeyedRequest): Answer {
  if (row.fingerprint !== request.fingerprint) throw raise("request.idempotencyReuse");
  return {
    status: row.status,
    text: row.body ?? undefined,
    // Written by `rowOf` from an answer's headers.
    headers: {
      ...(JSON.parse(row.headers) as Record<string, string>),
      "idempotency-replayed": "true",
    },
  };
}
