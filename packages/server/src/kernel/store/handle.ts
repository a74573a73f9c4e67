import { clearTimeout, setTimeout } from "node:timers";
import { checkBinding } from "./binding.ts";
import type { Driver, DriverResult, DriverStatement, DriverTransaction } from "./driver.ts";
import { raiseStore } from "./errors.ts";

/** What a handle needs of its driver. */
export interface HandleOptions {
  readonly dialect: Driver["dialect"];
  /** How long the function may stand still; undefined for migrations: no limit. */
  readonly idleMs: number | undefined;
  /** Runs a checked statement inside the transaction. */
  readonly execute: (statement: DriverStatement) => Promise<DriverResult>;
}

/**
 * The handle of one interactive transaction, the same on every database: it ends with its function or when that stands
 * still, and a transaction with a failed statement cannot go on.
 */
export class TransactionHandle implements DriverTransaction {
  readonly #options: HandleOptions;
  readonly #revoked = Promise.withResolvers<never>();
  #idle: NodeJS.Timeout | undefined;
  #outstanding = 0;
  #failure: { readonly error: unknown } | undefined;
  #isRevoked = false;

  constructor(options: HandleOptions) {
    this.#options = options;
    this.#revoked.promise.catch(() => undefined);
  }

  async execute(statement: DriverStatement): Promise<DriverResult> {
    if (this.#isRevoked) throw raiseStore("store.revoked", { internal: statement.sql });
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#outstanding += 1;
    clearTimeout(this.#idle);
    try {
      checkBinding(this.#options.dialect, statement);
      return expectRows(statement, await this.#options.execute(statement));
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      this.#outstanding -= 1;
      this.#watch();
    }
  }

  /** Runs the function and ends the handle. Rejects when it stood still too long, or when any of its statements failed. */
  async run<TValue>(run: (tx: DriverTransaction) => Promise<TValue>): Promise<TValue> {
    this.#watch();
    try {
      const value = await Promise.race([run(this), this.#revoked.promise]);
      if (this.#outstanding > 0) {
        throw raiseStore("store.revoked", { internal: "a statement was not awaited" });
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      return value;
    } finally {
      this.#isRevoked = true;
      clearTimeout(this.#idle);
    }
  }

  #watch(): void {
    const { idleMs } = this.#options;
    if (idleMs === undefined || this.#isRevoked || this.#outstanding > 0) return;
    this.#idle = setTimeout(() => {
      this.#isRevoked = true;
      const internal = `no statement for ${idleMs} ms`;
      this.#revoked.reject(raiseStore("store.revoked", { internal }));
    }, idleMs);
  }
}

function expectRows(statement: DriverStatement, result: DriverResult): DriverResult {
  if (statement.rows === undefined || statement.rows === result.changes) return result;
  throw raiseStore("store.conflict", {
    params: { changes: result.changes },
    internal: `${statement.rows} rows expected: ${statement.sql}`,
  });
}
