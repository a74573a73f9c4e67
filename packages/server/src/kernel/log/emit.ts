import { Buffer } from "node:buffer";
import type { Clock, MakeId } from "../../base/index.ts";
import type { SqlValue } from "../contract/index.ts";
import type { DriverStatement, Writers } from "../store/index.ts";
import { raiseLog } from "./errors.ts";
import { placeholders } from "./placeholders.ts";
import type { Dialect } from "./placeholders.ts";

/** Form of an event's type. */
const EVENT_TYPE_PATTERN = /^[a-zA-Z0-9_.-]{1,128}$/;

const DATA_BYTES_MAX = 256 * 1_024;
const COLUMNS = `id, organization, type, subject, "key", stream, channels, data, content_type, at, actor, cause, trace, attributes`;

/** What the emitter needs. */
export interface EmitterOptions {
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly makeId: MakeId;
  /** 262,144 when left out. */
  readonly dataBytesMax?: number;
}

/**
 * Makes the `emit` of the store's writers: turns an event into the statements that put it on the log within the
 * transaction under way. Throws `log.badType`, `log.badData`, `log.tooLarge`.
 */
export function createEmitter(options: EmitterOptions): Writers["emit"] {
  const to = placeholders(options.dialect);
  const plain = to(`insert into log_events (${COLUMNS}) values (${marks(14)})`);
  // The row's lock is held until the commit, so the numbers of a stream are given in the order of its commits.
  const nextInStream = to(
    `insert into log_streams (organization, stream, last_seq) values (?, ?, 1)
     on conflict (organization, stream) do update set last_seq = log_streams.last_seq + 1`,
  );
  const inStream = to(
    `insert into log_events (${COLUMNS}, stream_seq) values (${marks(14)},
     (select last_seq from log_streams where organization = ? and stream = ?))`,
  );
  return (context, event) => {
    if (!EVENT_TYPE_PATTERN.test(event.type)) {
      throw raiseLog("log.badType", { params: { type: event.type.slice(0, 128) } });
    }
    const { organization } = context;
    const { subject, key, stream, channels, contentType, attributes } = event.options;
    const origin = event.options.origin ?? context.origin;
    const id = options.makeId("evt");
    const row: SqlValue[] = [
      id,
      organization,
      event.type,
      subject ?? null,
      key ?? null,
      stream ?? null,
      JSON.stringify(channels ?? []),
      toBytes(event.data, options.dataBytesMax ?? DATA_BYTES_MAX),
      contentType ?? "application/json",
      options.clock.now(),
      origin.actor,
      origin.cause,
      origin.trace,
      attributes === undefined ? null : JSON.stringify(attributes),
    ];
    const statements: DriverStatement[] =
      stream === undefined
        ? [{ sql: plain, parameters: row, rows: 1 }]
        : [
            { sql: nextInStream, parameters: [organization, stream], rows: 1 },
            { sql: inStream, parameters: [...row, organization, stream], rows: 1 },
          ];
    return { id, statements };
  };
}

function marks(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}

function toBytes(data: unknown, bytesMax: number): Uint8Array {
  const bytes = data instanceof Uint8Array ? data : encode(data);
  if (bytes.byteLength > bytesMax) {
    throw raiseLog("log.tooLarge", { params: { bytes: bytes.byteLength, max: bytesMax } });
  }
  return bytes;
}

function encode(data: unknown): Uint8Array {
  // Typed as string, but undefined, functions and symbols have no JSON; rings and bigints throw.
  let json: string | undefined;
  try {
    json = JSON.stringify(data) as string | undefined;
  } catch (error) {
    throw raiseLog("log.badData", { cause: error });
  }
  if (json === undefined) throw raiseLog("log.badData");
  return Buffer.from(json);
}
