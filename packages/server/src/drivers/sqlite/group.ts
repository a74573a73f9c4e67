import { ConnectionFault } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type {
  FromThread,
  ThreadFault,
  ThreadSettings,
  ThreadStatement,
  ToThread,
} from "./messages.ts";
import { CommitPause } from "./pause.ts";

const MEMBERS_MAX = 1_000;

/** What waits for its turn in the writer. */
type Member = Exclude<ToThread, { kind: "step" | "end" }>;

/** The one transaction whose function is running on the main thread just now. */
interface Active {
  readonly id: number;
  readonly isExclusive: boolean;
}

/** How the group talks to the main thread. */
export interface GroupPort {
  readonly post: (messages: readonly FromThread[]) => void;
  /** What has arrived meanwhile, without waiting. */
  readonly drain: () => readonly ToThread[];
}

/**
 * Group commit: members run one after another in savepoints of one outer transaction, and no outcome (value, refusal,
 * read) is told before the outer COMMIT has returned, since a member may have judged by a neighbour's rows.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #port: GroupPort;
  readonly #settings: ThreadSettings;
  readonly #pause: CommitPause;
  readonly #waiting: Member[] = [];
  #held: FromThread[] = [];
  #active: Active | undefined;
  #isOpen = false;
  #openedAt = 0;

  constructor(connection: Connection, port: GroupPort, settings: ThreadSettings) {
    this.#connection = connection;
    this.#port = port;
    this.#settings = settings;
    this.#pause = new CommitPause(settings.pause);
  }

  /** Takes what came from the main thread and goes on until it has to wait for more. */
  receive(messages: readonly ToThread[]): void {
    this.#take(messages);
    this.#advance();
  }

  #take(messages: readonly ToThread[]): void {
    const outcomes: FromThread[] = [];
    for (const message of messages) {
      if (message.kind === "step") outcomes.push(this.#step(message));
      else if (message.kind === "end") this.#end(message.member, message.keep);
      else this.#waiting.push(message);
    }
    if (outcomes.length > 0) this.#port.post(outcomes);
  }

  #advance(): void {
    while (this.#active === undefined) {
      if (this.#isOpen && this.#isFull()) this.#commit();
      const next = this.#waiting.shift();
      if (next !== undefined) {
        this.#start(next);
        continue;
      }
      const late = this.#port.drain();
      if (late.length > 0) {
        this.#take(late);
        continue;
      }
      if (!this.#isOpen) return;
      this.#commit();
    }
  }

  #isFull(): boolean {
    if (this.#held.length >= MEMBERS_MAX) return true;
    // Only what waits for the main thread can keep a group open for long.
    const isSlow = this.#waiting[0]?.kind === "begin";
    return isSlow && performance.now() - this.#openedAt >= this.#settings.groupMs;
  }

  #start(member: Member): void {
    switch (member.kind) {
      case "append":
        return this.#inGroup(member.id, () => this.#append(member.id, member.batch));
      case "read":
        return this.#inGroup(member.id, () => {
          this.#held.push({
            kind: "done",
            id: member.id,
            result: this.#connection.read(member.statement),
          });
        });
      case "begin":
        return member.exclusive ? this.#beginExclusive(member.id) : this.#begin(member.id);
      case "copy":
        return this.#alone(member.id, () => {
          this.#connection.execute({ sql: "vacuum into ?", parameters: [member.file] });
        });
      case "close":
        return this.#alone(member.id, () => this.#connection.close());
    }
  }

  #inGroup(id: number, run: () => void): void {
    try {
      this.#open();
      run();
      if (!this.#connection.isTransaction) this.#lose(id, "SQLite rolled the group back");
    } catch (error) {
      this.#memberFailed(id, error);
    }
  }

  #append(id: number, batch: readonly ThreadStatement[]): void {
    this.#connection.run("savepoint member");
    for (const [index, statement] of batch.entries()) {
      const refusal = this.#tryAppend(statement);
      if (refusal === undefined) continue;
      this.#connection.run("rollback to member");
      this.#connection.run("release member");
      this.#held.push({ kind: "refused", id, index, ...refusal });
      return;
    }
    this.#connection.run("release member");
    this.#held.push({ kind: "done", id });
  }

  #tryAppend(
    statement: ThreadStatement,
  ): { readonly changes: number; readonly constraint?: string } | undefined {
    try {
      const { changes } = this.#connection.execute(statement);
      return statement.rows === undefined || statement.rows === changes ? undefined : { changes };
    } catch (error) {
      if (!(error instanceof ConnectionFault) || error.fault.code !== "store.conflict") throw error;
      return { changes: 0, constraint: error.fault.constraint ?? "" };
    }
  }

  #begin(id: number): void {
    this.#inGroup(id, () => {
      this.#connection.run("savepoint member");
      this.#active = { id, isExclusive: false };
      this.#port.post([{ kind: "begun", id }]);
    });
  }

  #beginExclusive(id: number): void {
    this.#commit();
    this.#active = { id, isExclusive: true };
    this.#port.post([{ kind: "begun", id }]);
  }

  #step(message: Extract<ToThread, { kind: "step" }>): FromThread {
    const { id, member, statement } = message;
    if (this.#active?.id !== member) {
      return { kind: "failed", id, fault: lost("The transaction has ended") };
    }
    try {
      const result = this.#connection.execute(statement);
      if (!this.#active.isExclusive && !this.#connection.isTransaction) {
        throw new ConnectionFault(lost("SQLite rolled the group back"), true);
      }
      return { kind: "done", id, result };
    } catch (error) {
      const { fault, isFatal } = asFault(error);
      if (!this.#active.isExclusive && (isFatal || !this.#connection.isTransaction)) {
        this.#lose(member, fault.detail);
      }
      return { kind: "failed", id, fault };
    }
  }

  #end(member: number, keep: boolean): void {
    const active = this.#active;
    if (active?.id !== member) return;
    this.#active = undefined;
    if (active.isExclusive) {
      this.#alone(member, () => {
        if (this.#connection.isTransaction) this.#connection.run("rollback");
      });
      return;
    }
    this.#inGroup(member, () => {
      if (!keep) this.#connection.run("rollback to member");
      this.#connection.run("release member");
      this.#held.push({ kind: "done", id: member });
    });
  }

  #alone(id: number, run: () => void): void {
    this.#commit();
    try {
      run();
      this.#port.post([{ kind: "done", id }]);
    } catch (error) {
      this.#port.post([{ kind: "failed", id, fault: asFault(error).fault }]);
    }
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#connection.run("begin immediate");
    this.#isOpen = true;
    this.#openedAt = performance.now();
  }

  #commit(): void {
    if (!this.#isOpen) return;
    this.#pause.before();
    try {
      this.#connection.run("commit");
    } catch (error) {
      this.#lose(undefined, asFault(error).fault.detail);
      return;
    }
    this.#isOpen = false;
    this.#pause.after();
    const held = this.#held;
    this.#held = [];
    if (held.length > 0) this.#port.post(held);
  }

  #memberFailed(id: number, error: unknown): void {
    const { fault, isFatal } = asFault(error);
    if (isFatal || !this.#isOpen || !this.#connection.isTransaction) {
      this.#lose(id, fault.detail);
      return;
    }
    try {
      // A failed member may have left its savepoint open; a read has none.
      this.#connection.run("rollback to member");
      this.#connection.run("release member");
    } catch (later) {
      if (!this.#connection.isTransaction) return this.#lose(id, asFault(later).fault.detail);
    }
    this.#held.push({ kind: "failed", id, fault });
  }

  #rollBack(): void {
    if (!this.#connection.isTransaction) return;
    try {
      this.#connection.run("rollback");
    } catch (error) {
      // SQLite may have rolled back in the meantime; a transaction that stays open would take in what comes next.
      if (this.#connection.isTransaction) throw error;
    }
  }

  // Nothing of the group was stored. A SAVEPOINT now would act as BEGIN and members would commit alone, so none runs.
  #lose(id: number | undefined, detail: string): void {
    this.#active = undefined;
    this.#isOpen = false;
    this.#rollBack();
    const ids = new Set(this.#held.map((outcome) => ("id" in outcome ? outcome.id : -1)));
    if (id !== undefined) ids.add(id);
    this.#held = [];
    this.#port.post(
      [...ids].map((member) => ({ kind: "failed", id: member, fault: lost(detail) })),
    );
  }
}

function lost(detail: string): ThreadFault {
  return { code: "store.unavailable", detail };
}

function asFault(error: unknown): ConnectionFault {
  if (error instanceof ConnectionFault) return error;
  return new ConnectionFault({ code: "store.statement", detail: String(error) }, false);
}
