import { setImmediate } from "node:timers";
import { setTimeout } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import { isProblem } from "../../base/index.ts";
import type { Problem } from "../../base/index.ts";
import type { AppendRefusal, DriverStatement } from "../../kernel/store/index.ts";
import { giveBack, isRetried, runStatement, takeClient, toProblem } from "./connection.ts";
import type { Committer } from "./commit.ts";
import { jittered, rollBack } from "./transaction.ts";

const STATEMENTS_MAX = 500;
const NAMES_MAX = 500;
const TRIES = 6;
/** Two lanes may take rows in opposite orders; waiting is cut short and each member then runs alone. */
const GROUP_SETTINGS = "set local lock_timeout = '250ms';";

interface Member {
  readonly batch: readonly DriverStatement[];
  readonly resolve: (refusal: AppendRefusal | undefined) => void;
  readonly reject: (problem: Problem) => void;
}

/**
 * Group commit for batches: what waits is sent down one of a few lanes as one pipelined transaction. Should one member
 * be refused, the transaction is rolled back and each member runs in its own, so no outcome rests on a neighbour.
 */
export class AppendLanes {
  readonly #pool: Pool;
  readonly #committer: Committer;
  readonly #lanesMax: number;
  readonly #names = new Map<string, string>();
  #waiting: Member[] = [];
  #lanes = 0;
  #isWoken = false;

  constructor(pool: Pool, committer: Committer, lanesMax: number) {
    this.#pool = pool;
    this.#committer = committer;
    this.#lanesMax = lanesMax;
  }

  append(batch: readonly DriverStatement[]): Promise<AppendRefusal | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#isWoken || this.#lanes >= this.#lanesMax) return;
    this.#isWoken = true;
    // What is appended in the same turn of the event loop goes together.
    setImmediate(() => {
      this.#isWoken = false;
      if (this.#waiting.length > 0) void this.#runLane();
    });
  }

  async #runLane(): Promise<void> {
    this.#lanes += 1;
    try {
      while (this.#waiting.length > 0) await this.#runGroup(this.#take());
    } finally {
      this.#lanes -= 1;
    }
  }

  #take(): Member[] {
    const members: Member[] = [];
    let statements = 0;
    for (const member of this.#waiting) {
      statements += member.batch.length;
      if (members.length > 0 && statements > STATEMENTS_MAX) break;
      members.push(member);
    }
    this.#waiting = this.#waiting.slice(members.length);
    return members;
  }

  async #runGroup(members: readonly Member[]): Promise<void> {
    try {
      if (members.length > 1 && (await this.#tryTogether(members))) {
        for (const member of members) member.resolve(undefined);
        return;
      }
    } catch (error) {
      for (const member of members) member.reject(toProblem(error));
      return;
    }
    for (const member of members) await this.#runAlone(member);
  }

  /** True when all of them are durable, false when each has to run alone. */
  async #tryTogether(members: readonly Member[]): Promise<boolean> {
    const client = await takeClient(this.#pool);
    let broken: Problem | undefined;
    try {
      const begun = this.#committer.begin(client, GROUP_SETTINGS);
      const refusals = members.map((member) => this.#send(client, member.batch));
      const [, ...outcomes] = await Promise.allSettled([begun, ...refusals]);
      const isClean = outcomes.every(
        (outcome) => outcome.status === "fulfilled" && outcome.value === undefined,
      );
      if (isClean) await this.#committer.commit(client, await begun);
      else {
        broken = await rollBack(client);
        if (broken !== undefined) throw broken;
      }
      return isClean;
    } catch (error) {
      broken = toProblem(error);
      throw error;
    } finally {
      giveBack(client, broken);
    }
  }

  async #runAlone(member: Member): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        member.resolve(await this.#attemptAlone(member.batch));
        return;
      } catch (error) {
        if (attempt === TRIES || !isRetried(error)) {
          member.reject(toProblem(error));
          return;
        }
        await setTimeout(jittered(attempt));
      }
    }
  }

  async #attemptAlone(batch: readonly DriverStatement[]): Promise<AppendRefusal | undefined> {
    const client = await takeClient(this.#pool);
    let broken: Problem | undefined;
    try {
      const begun = this.#committer.begin(client);
      const sent = this.#send(client, batch);
      await Promise.allSettled([begun, sent]);
      const refusal = await sent;
      if (refusal === undefined) await this.#committer.commit(client, await begun);
      else broken = await rollBack(client);
      return refusal;
    } catch (error) {
      broken = await rollBack(client);
      throw error;
    } finally {
      giveBack(client, broken);
    }
  }

  async #send(
    client: PoolClient,
    batch: readonly DriverStatement[],
  ): Promise<AppendRefusal | undefined> {
    const sent = batch.map((statement) =>
      runStatement(client, statement, this.#nameOf(statement.sql)),
    );
    const outcomes = await Promise.allSettled(sent);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === "rejected") return refusalOf(outcome.reason, index);
      const expected = batch[index]?.rows;
      const { changes } = outcome.value;
      if (expected !== undefined && expected !== changes) return { index, changes };
    }
    return undefined;
  }

  /** A name lets a connection parse the text once; only so many, since a connection keeps them for good. */
  #nameOf(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined || this.#names.size >= NAMES_MAX) return known;
    const name = `portico_${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

function refusalOf(reason: unknown, index: number): AppendRefusal {
  if (!isProblem(reason) || reason.code !== "store.conflict") throw reason;
  const constraint = reason.options.params?.["constraint"];
  return {
    index,
    changes: 0,
    ...(constraint === undefined ? {} : { constraint: String(constraint) }),
  };
}
