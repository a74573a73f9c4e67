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
  return (place, given) => new BoundCursors(key, place, given);
}

// A class, since every request makes one and few use it: an object with a getter and closures costs ten times as much.
class BoundCursors implements Cursors {
  readonly #key: Uint8Array;
  readonly #place: CursorPlace;
  readonly #given: string | undefined;
  #bound: string | undefined;

  constructor(key: Uint8Array, place: CursorPlace, given: string | undefined) {
    this.#key = key;
    this.#place = place;
    this.#given = given;
  }

  get after(): readonly Value[] | undefined {
    return this.#given === undefined ? undefined : this.#open(this.#given);
  }

  next(values: readonly Value[]): string {
    const payload = Buffer.from(JSON.stringify(values)).toString("base64url");
    return `${payload}.${this.#mac(payload).toString("base64url")}`;
  }

  #open(given: string): readonly Value[] {
    const [payload = "", signature = "", more] = given.split(".");
    const isOurs =
      more === undefined && equalSecrets(this.#mac(payload), Buffer.from(signature, "base64url"));
    if (!isOurs) throw raise("request.cursor");
    // The MAC says that `next` wrote it.
    return JSON.parse(Buffer.from(payload, "base64url").toString()) as readonly Value[];
  }

  #mac(payload: string): Buffer {
    this.#bound ??= boundTo(this.#place);
    return Buffer.from(hmacSha256(this.#key, this.#bound, payload)).subarray(0, MAC_BYTES);
  }
}

function boundTo({ operation, organization, query }: CursorPlace): string {
  const { cursor: _cursor, limit: _limit, ...filters } = query;
  return `${canonicalJson([operation, organization, filters])}\n`;
}
