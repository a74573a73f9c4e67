import { crc32Base62, idMaker, randomBase62, type MakeId } from "../../base/index.ts";
import { anonymous, type Caller } from "../contract/index.ts";

/** An event as it is published. */
export interface MadeEvent {
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Makers of test data. What one makes does not depend on how often another was asked. */
export interface Factories {
  /** A slug that names an organization: `org-quiet-harbour-3f`. */
  organization(): string;
  /** A user of an organization of its own, with no permission but those given. */
  caller(part?: Partial<Caller>): Caller;
  /** Text of the form of an API key, its checksum right, that no server has made. */
  keyText(words?: { readonly prefix?: string; readonly environment?: string }): string;
  /** `invoice.paid` and the like, about a subject, with data that is JSON. */
  event(part?: Partial<MadeEvent>): MadeEvent;
  /** Text of about `length` characters (40 when left out): words of many scripts, marks and emoji among them. */
  text(length?: number): string;
  /** The id of a noun, as the server makes them: `note_01…`. */
  readonly id: MakeId;
  /** A whole number from `min` to `max`, both among them. */
  integer(min: number, max: number): number;
  /** One of a list. */
  pick<TItem>(list: readonly [TItem, ...TItem[]]): TItem;
}

/** Where made ids begin to count: 2026-01-01T00:00:00Z. */
const START_MS = Date.UTC(2026, 0, 1);
const ADJECTIVES = [
  "quiet",
  "bright",
  "northern",
  "old",
  "small",
  "swift",
  "green",
  "round",
] as const;
const NOUNS = [
  "harbour",
  "mill",
  "garden",
  "bridge",
  "forge",
  "meadow",
  "tower",
  "orchard",
] as const;
const SUBJECTS = ["invoice", "order", "user", "form", "payment", "ticket"] as const;
const VERBS = ["created", "updated", "paid", "closed", "deleted"] as const;
const WORDS = [
  "letter",
  "naïve",
  "Straße",
  "письмо",
  "γράμμα",
  "رسالة",
  "מכתב",
  "手紙",
  "편지",
  "पत्र",
  "จดหมาย",
  "წერილი",
  "e\u0301lan",
  "👩‍👩‍👧",
  "«quoted»",
  "a'b\"c",
  "<b>",
  "%00",
] as const;

/**
 * Makers that give the same data for the same seed, on every machine and in every run: a failure can be made again from
 * the seed alone.
 *
 * @example
 * const make = factories("orders");
 * const caller = make.caller({ permissions: ["events:write"] });
 * await app.as(caller).post("/events", make.event());
 */
export function factories(seed: string | number): Factories {
  const stream = (name: string): Chance => chanceOf(`${seed}/${name}`);
  const numbers = stream("integer");
  const choices = stream("pick");
  const ids = stream("id");
  const texts = stream("text");
  const keys = stream("key");
  const events = stream("event");
  const organizations = stream("organization");
  const id = idMaker({ now: () => START_MS, fill: ids.fill });
  const userId = idMaker({ now: () => START_MS, fill: stream("caller").fill });
  const keyId = idMaker({ now: () => START_MS, fill: keys.fill });
  const organization = (): string => organizationOf(organizations);
  const ofCallers = stream("caller's organization");
  return {
    organization,
    caller: (part = {}) => ({
      ...anonymous,
      kind: "user",
      organization: organizationOf(ofCallers),
      subject: userId("user"),
      ...part,
    }),
    keyText: ({ prefix = "ptc", environment = "live" } = {}) => {
      const text = `${prefix}_${environment}_${keyId("key").slice(4)}_${randomBase62(43, keys.fill)}`;
      return text + crc32Base62(text);
    },
    event: (part = {}) => ({ ...eventOf(events), ...part }),
    text: (length = 40) => textOf(texts, length),
    id,
    integer: (min, max) => numbers.integer(min, max),
    pick: (list) => list[choices.integer(0, list.length - 1)] ?? list[0],
  };
}

function organizationOf(chance: Chance): string {
  const tail = chance.integer(0, 0xffff).toString(16);
  return `org-${chance.pick(ADJECTIVES)}-${chance.pick(NOUNS)}-${tail}`;
}

function eventOf(chance: Chance): MadeEvent {
  const noun = chance.pick(SUBJECTS);
  const subject = `${noun}_${chance.integer(1, 999_999)}`;
  return {
    type: `${noun}.${chance.pick(VERBS)}`,
    subject,
    data: {
      id: subject,
      amount: chance.integer(0, 1_000_000),
      note: textOf(chance, 20),
      tags: [chance.pick(ADJECTIVES), chance.pick(NOUNS)],
      closed: chance.integer(0, 1) === 1,
      parent: null,
    },
  };
}

function textOf(chance: Chance, length: number): string {
  const words: string[] = [];
  for (let count = 0; count < length;) {
    const word = chance.pick(WORDS);
    words.push(word);
    count += word.length + 1;
  }
  return words.join(" ");
}

/** Chance that can be made again. */
interface Chance {
  integer(min: number, max: number): number;
  pick<TItem>(list: readonly [TItem, ...TItem[]]): TItem;
  readonly fill: (bytes: Uint8Array) => void;
}

/** Seeds by FNV-1a (32 bits), goes on by mulberry32: small, the same everywhere, and not for secrets. */
function chanceOf(seed: string): Chance {
  let state = 0x811c9dc5;
  for (const char of seed) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    integer,
    pick: (list) => list[integer(0, list.length - 1)] ?? list[0],
    fill: (bytes) => {
      for (let index = 0; index < bytes.length; index += 1) bytes[index] = integer(0, 255);
    },
  };
}
