import type { CloudEventAttributes, LogEvent, SqlRow, SqlValue } from "../contract/index.ts";

/** What every reader selects, in the order of {@link LogEvent}. */
export const EVENT_COLUMNS = `id, organization, type, subject, "key", stream, stream_seq, channels, data, content_type,
  at, actor, cause, trace, attributes`;

/** Turns a row of log_events into what readers see. */
export function toEvent(row: SqlRow): LogEvent {
  const streamSeq = row["stream_seq"] ?? null;
  const attributes = row["attributes"] ?? null;
  return {
    seq: Number(row["seq"] ?? 0),
    id: text(row["id"]),
    organization: text(row["organization"]),
    type: text(row["type"]),
    subject: textOrNull(row["subject"]),
    key: textOrNull(row["key"]),
    stream: textOrNull(row["stream"]),
    streamSeq: streamSeq === null ? null : Number(streamSeq),
    // Written by the emitter from an array of strings.
    channels: JSON.parse(text(row["channels"])) as string[],
    data: row["data"] instanceof Uint8Array ? row["data"] : new Uint8Array(),
    contentType: text(row["content_type"]),
    at: Number(row["at"]),
    actor: text(row["actor"]),
    cause: text(row["cause"]),
    trace: text(row["trace"]),
    // Written by the emitter from an object of its type.
    ...(attributes === null
      ? {}
      : { attributes: JSON.parse(text(attributes)) as CloudEventAttributes }),
  };
}

function text(value: SqlValue | undefined): string {
  return typeof value === "string" ? value : String(value);
}

function textOrNull(value: SqlValue | undefined): string | null {
  return value === null || value === undefined ? null : text(value);
}
