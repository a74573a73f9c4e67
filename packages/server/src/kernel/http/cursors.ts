import { Buffer } from "node:buffer";
import { canonicalJson, equalSecrets, hmacSha256 } from "../../base/index.ts";
import type { Cursors } from "../contract/index.ts";
import { raise } from "./errors.ts";

/** The list that a cursor belongs to. */
export interface CursorPlace {
  readonly operation: string;
  readonly organization: string;
  /** The whole query; `cursor` and `limit` are not part of what a cursor is bound to. */
  readonly query: Readonly<Record<string, unknown>>;
}

/** Makes the cursors of one request. */
export type CursorsFor = (place: CursorPlace, given: string | undefined) => Cursors;

type Value = string | number;
const MAC_BYTES = 16;

/**
 * Opaque cursors: base64url of the values, followed by an HMAC over them, the operation, the organization and the
 * filters. Whatever was altered or belongs elsewhere is `request.cursor`. The work is done when it is asked for.
 */
export function createCursors(key: Uint8Array): CursorsFor {
  return (place, given) => {
    let bound: string | undefined;
    const mac = (payload: string): Buffer => {
      bound ??= boundTo(place);
      return Buffer.from(hmacSha256(key, bound, payload)).subarray(0, MAC_BYTES);
    };
    return {
      get after(): readonly Value[] | undefined {
        return given === undefined ? undefined : open(given, mac);
      },
      next: (values) => {
        const payload = Buffer.from(JSON.stringify(values)).toString("base64url");
        return `${payload}.${mac(payload).toString("base64url")}`;
      },
    };
  };
}

function boundTo({ operation, organization, query }: CursorPlace): string {
  const { cursor: _cursor, limit: _limit, ...filters } = query;
  return `${canonicalJson([operation, organization, filters])}\n`;
}

function open(given: string, mac: (payload: string) => Buffer): readonly Value[] {
  const [payload = "", signature = "", more] = given.split(".");
  const isOurs =
    more === undefined && equalSecrets(mac(payload), Buffer.from(signature, "base64url"));
  if (!isOurs) throw raise("request.cursor");
  // The MAC says that `next` wrote it.
  return JSON.parse(Buffer.from(payload, "base64url").toString()) as readonly Value[];
}
