import { compilePattern } from "./program.ts";
import type { Program } from "./program.ts";

/** How many steps a judgement may still take. Shared by all that is judged for one event. */
export interface Budget {
  left: number;
}

/** Raised when a judgement took more steps than it may. */
export class OutOfBudget extends Error {}

/** Takes steps from the budget. Throws {@link OutOfBudget}. */
export function spend(budget: Budget, steps: number): void {
  budget.left -= steps;
  if (budget.left < 0) throw new OutOfBudget("The judgement took more steps than it may.");
}

/** A regular expression of ECMA-262 (flag `u`) whose search is linear in the text, whatever the text. */
export interface Pattern {
  test(text: string, budget: Budget): boolean;
}

/**
 * Makes a pattern, or says why it is none. The engine of JavaScript goes back and tries again, which a hostile pattern
 * turns into minutes; this one walks all of its states at once, one character after another. So it knows no references
 * to groups and no look-around: `patternMistake` of those says so.
 */
export function makePattern(source: string): Pattern | string {
  const program = compilePattern(source);
  if (typeof program === "string") return program;
  return { test: (text, budget) => search(program, text, budget) };
}

interface Walk {
  readonly budget: Budget;
  readonly program: Program;
  readonly characters: readonly string[];
  /** By state: the position at which it was last entered. */
  readonly entered: Int32Array;
}

function search(program: Program, text: string, budget: Budget): boolean {
  // What is made before the first character is looked at.
  spend(budget, 1 + text.length / 8 + program.states.length / 64);
  const characters = [...text];
  const walk = {
    budget,
    program,
    characters,
    entered: new Int32Array(program.states.length).fill(-1),
  };
  let active: number[] = [];
  for (let at = 0; at <= characters.length; at += 1) {
    // A search begins anew at every character.
    const next = [...active, program.start];
    active = [];
    if (enter(walk, { states: next, at }, active)) return true;
    // A character costs a fraction of what a schema does.
    spend(budget, (1 + active.length) / 8);
    const character = characters[at];
    if (character === undefined) return false;
    active = active.flatMap((state) => {
      const found = program.states[state];
      return found?.kind === "character" && found.matches(character) ? [found.next] : [];
    });
  }
  return false;
}

/** Follows what needs no character; true when the end is reached. */
function enter(
  { budget, program, characters, entered }: Walk,
  { states, at }: { readonly states: number[]; readonly at: number },
  reached: number[],
): boolean {
  for (let state = states.pop(); state !== undefined; state = states.pop()) {
    if (entered[state] === at) continue;
    entered[state] = at;
    const found = program.states[state];
    if (found === undefined) continue;
    if (found.kind === "end") return true;
    if (found.kind === "character") {
      reached.push(state);
      continue;
    }
    spend(budget, 1 / 16);
    if (found.kind === "split") states.push(...found.next);
    else if (found.holds(characters, at)) states.push(found.next);
  }
  return false;
}
