import { parsePattern } from "./parse-pattern.ts";
import type { PatternNode } from "./parse-pattern.ts";

const STATES_MAX = 1_000;

/** One state of a program. */
export type State =
  | {
      readonly kind: "character";
      readonly matches: (character: string) => boolean;
      readonly next: number;
    }
  | { readonly kind: "split"; readonly next: readonly number[] }
  | {
      readonly kind: "assertion";
      readonly holds: (characters: readonly string[], at: number) => boolean;
      readonly next: number;
    }
  | { readonly kind: "end" };

/** A pattern as states that are walked all at once (Thompson 1968). */
export interface Program {
  readonly states: readonly State[];
  readonly start: number;
}

/** Compiles a pattern; answers what is wrong with it. */
export function compilePattern(source: string): Program | string {
  const tree = parsePattern(source);
  if (typeof tree === "string") return tree;
  const states: State[] = [{ kind: "end" }];
  const start = build(tree, 0, states);
  return start === undefined
    ? `it stands for more than ${STATES_MAX} states; shorten its repetitions`
    : { states, start };
}

/** Adds the states of a node in front of `next`; the state to begin with, or undefined when there are too many. */
function build(node: PatternNode, next: number, states: State[]): number | undefined {
  if (states.length > STATES_MAX) return undefined;
  switch (node.kind) {
    case "character":
      return add(states, { kind: "character", matches: node.matches, next });
    case "assertion":
      return add(states, { kind: "assertion", holds: node.holds, next });
    case "sequence":
      return node.parts.reduceRight<number | undefined>(
        (after, part) => (after === undefined ? undefined : build(part, after, states)),
        next,
      );
    case "choice": {
      const starts = node.options.map((option) => build(option, next, states));
      const known = starts.filter((start) => start !== undefined);
      return known.length < starts.length ? undefined : add(states, { kind: "split", next: known });
    }
    case "repeat":
      return buildRepeat(node, next, states);
    default:
      return node satisfies never;
  }
}

function buildRepeat(
  { part, min, max }: Extract<PatternNode, { kind: "repeat" }>,
  next: number,
  states: State[],
): number | undefined {
  let start: number | undefined = next;
  if (max === undefined) {
    const loop = add(states, { kind: "split", next: [next] });
    const body = build(part, loop, states);
    if (body === undefined) return undefined;
    states[loop] = { kind: "split", next: [body, next] };
    start = loop;
  }
  for (let count = max ?? min; count > min && start !== undefined; count -= 1) {
    const body = build(part, start, states);
    start = body === undefined ? undefined : add(states, { kind: "split", next: [body, next] });
  }
  for (let count = 0; count < min && start !== undefined; count += 1) {
    start = build(part, start, states);
  }
  return start;
}

function add(states: State[], state: State): number {
  states.push(state);
  return states.length - 1;
}
