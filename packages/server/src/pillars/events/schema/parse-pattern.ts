const SOURCE_MAX = 512;
const DEPTH_MAX = 32;
const WORD = /^\w$/;

/** What a pattern is made of. */
export type PatternNode =
  | { readonly kind: "character"; readonly matches: (character: string) => boolean }
  | {
      readonly kind: "assertion";
      readonly holds: (characters: readonly string[], at: number) => boolean;
    }
  | { readonly kind: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly options: readonly PatternNode[] }
  | {
      readonly kind: "repeat";
      readonly part: PatternNode;
      readonly min: number;
      /** Undefined for any number. */
      readonly max: number | undefined;
    };

class NotSupported extends Error {}

/** Reads the structure of a pattern; answers what is wrong with it. */
export function parsePattern(source: string): PatternNode | string {
  if (source.length > SOURCE_MAX) return `it is longer than ${SOURCE_MAX} characters`;
  try {
    // Its grammar is JavaScript's business: what follows reads only what is well-formed.
    RegExp(source, "u");
    return new Reader(source).choice(0);
  } catch (error) {
    if (error instanceof NotSupported) return error.message;
    return "it is not a regular expression of ECMA-262 with the flag u";
  }
}

// A life: the position in one source.
class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  choice(depth: number): PatternNode {
    if (depth > DEPTH_MAX) throw new NotSupported(`its groups are nested deeper than ${DEPTH_MAX}`);
    const options = [this.#sequence(depth)];
    while (this.#take("|")) options.push(this.#sequence(depth));
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: "choice", options };
  }

  #sequence(depth: number): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#source.length && !"|)".includes(this.#source.charAt(this.#at))) {
      parts.push(this.#quantified(this.#atom(depth)));
    }
    return { kind: "sequence", parts };
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#source)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #quantified(part: PatternNode): PatternNode {
    const text = this.#match(/(?:[*+?]|\{\d+(?:,\d*)?\})\??/y);
    if (text === undefined) return part;
    const [min = 0, max] = rangeOf(text);
    return { kind: "repeat", part, min, max };
  }

  #atom(depth: number): PatternNode {
    if (this.#take("^")) return { kind: "assertion", holds: (_characters, at) => at === 0 };
    if (this.#take("$")) {
      return { kind: "assertion", holds: (characters, at) => at === characters.length };
    }
    if (this.#take("\\b")) return { kind: "assertion", holds: isWordEdge };
    if (this.#take("\\B")) {
      return { kind: "assertion", holds: (characters, at) => !isWordEdge(characters, at) };
    }
    if (this.#take("(")) return this.#group(depth);
    const text = this.#match(
      /\[(?:[^\]\\]|\\.)*\]|\\[pPu]\{[^}]*\}|\\u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\x..|\\c.|\\.|[^]/uy,
    );
    if (text === undefined || /^\\[1-9k]/.test(text)) {
      throw new NotSupported("it refers to a group, which no linear search can follow");
    }
    return { kind: "character", matches: oneCharacter(text) };
  }

  #group(depth: number): PatternNode {
    if (this.#match(/\?<?[=!]/y) !== undefined) {
      throw new NotSupported("it looks ahead or behind, which no linear search can follow");
    }
    if (this.#match(/\?(?:<[^>]*>|:)/y) === undefined && this.#source[this.#at] === "?") {
      throw new NotSupported("it changes flags within a group");
    }
    const inner = this.choice(depth + 1);
    this.#take(")");
    return inner;
  }
}

function rangeOf(quantifier: string): readonly (number | undefined)[] {
  switch (quantifier[0]) {
    case "*":
      return [0, undefined];
    case "+":
      return [1, undefined];
    case "?":
      return [0, 1];
    default: {
      const [, min, comma, max] = /^\{(\d+)(,?)(\d*)\}/.exec(quantifier) ?? [];
      const least = Number(min);
      return [least, comma === "" ? least : max === "" ? undefined : Number(max)];
    }
  }
}

/** One character against a class or an escape: JavaScript's own engine, which has nothing to go back to here. */
function oneCharacter(source: string): (character: string) => boolean {
  if (/^[^\\[.]$/u.test(source)) return (character) => character === source;
  const one = new RegExp(`^${source}$`, "u");
  const known = new Map<string, boolean>();
  return (character) => {
    const found = known.get(character);
    if (found !== undefined) return found;
    const matches = one.test(character);
    if (character.length === 1 && character < "\u0080") known.set(character, matches);
    return matches;
  };
}

function isWordEdge(characters: readonly string[], at: number): boolean {
  return isWord(characters[at - 1]) !== isWord(characters[at]);
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && WORD.test(character);
}
