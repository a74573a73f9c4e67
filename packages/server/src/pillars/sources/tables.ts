import type { Generated } from "kysely";
import type { TableScope } from "portico/kernel";

/** How far a message is. `released`: accepted by hand, after it had been quarantined. */
export type MessageState = "accepted" | "quarantined" | "released";

/** One endpoint for messages from outside. */
export interface SourceRow {
  /** Stamped by the store; read where it is not yet known whose source it is. */
  readonly organization: Generated<string>;
  readonly id: string;
  readonly slug: string | null;
  readonly provider: string;
  /** JSON of the scheme, for the provider `hmac`. */
  readonly scheme: string | null;
  readonly eventPrefix: string;
  readonly description: string;
  /** Sealed JSON list of secrets, see `secrets.ts`. */
  readonly secrets: string;
  /** Address by which the sender calls, where it is not the server's own. */
  readonly url: string | null;
  readonly toleranceSeconds: number | null;
  readonly isActive: number;
  readonly revision: Generated<number>;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One message as it came in. */
export interface MessageRow {
  readonly id: string;
  readonly source: string;
  readonly state: MessageState;
  /** What makes it the same message when it comes again; null in quarantine, where an id proves nothing. */
  readonly identity: string | null;
  /** The sender's id, for showing. */
  readonly externalId: string | null;
  /** Null while it is in quarantine. */
  readonly event: string | null;
  readonly eventType: string;
  readonly reason: string | null;
  readonly contentType: string;
  /** JSON list of pairs; credentials among them are hidden. */
  readonly headers: string;
  /** The exact bytes. */
  readonly body: Uint8Array;
  readonly receivedAt: number;
  /** The thread it began. */
  readonly trace: string;
  readonly cause: string;
}

/** The pillar's tables, for Kysely. */
export interface SourceTables {
  readonly sources_sources: SourceRow;
  readonly sources_messages: MessageRow;
}

/** Whose rows the tables hold. */
export const sourceTables: Readonly<Record<keyof SourceTables, TableScope>> = {
  sources_sources: "organization",
  sources_messages: "organization",
};
