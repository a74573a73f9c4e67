import { fingerprintOf } from "./fingerprint.ts";
import type { Occurrence } from "./occurrence.ts";

const CALLERS_MAX = 50;
const SAMPLES_MAX = 5;

/** Occurrences of one error that are written together. */
export interface Group {
  readonly fingerprint: string;
  /** The first of them: what they have in common is read from it. */
  readonly first: Occurrence;
  count: number;
  firstAt: number;
  lastAt: number;
  /** Subject → how often; bounded, so the sum may be below `count`. */
  readonly callers: Map<string, number>;
  /** The newest. */
  samples: Occurrence[];
}

/** A group of one. */
export function groupOf(occurrence: Occurrence): Group {
  const group: Group = {
    fingerprint: fingerprintOf(occurrence),
    first: occurrence,
    count: 0,
    firstAt: occurrence.at,
    lastAt: occurrence.at,
    callers: new Map(),
    samples: [],
  };
  addTo(group, occurrence);
  return group;
}

/** Adds one more. */
export function addTo(group: Group, occurrence: Occurrence): void {
  const { at, subject } = occurrence;
  group.count += 1;
  group.firstAt = Math.min(group.firstAt, at);
  group.lastAt = Math.max(group.lastAt, at);
  const known = group.callers.get(subject);
  if (known !== undefined || group.callers.size < CALLERS_MAX) {
    group.callers.set(subject, (known ?? 0) + 1);
  }
  group.samples.push(occurrence);
  if (group.samples.length > SAMPLES_MAX) group.samples.shift();
}
