interface Pair {
  readonly name: string;
  readonly value: string;
  /** As it came: what is not edited is passed on byte for byte. */
  readonly raw: string;
}

/**
 * The query of one request as hooks and version changes see and edit it. Names and values are decoded; what is not
 * edited keeps its own encoding and place.
 *
 * @example
 * message.query.rename("page_size", "limit");
 */
export class MessageQuery {
  #pairs: Pair[];

  /** `query` with or without its question mark. */
  constructor(query: string) {
    const text = query.startsWith("?") ? query.slice(1) : query;
    this.#pairs = text === "" ? [] : text.split("&").map(readPair);
  }

  /** The first value; undefined when there is none. */
  get(name: string): string | undefined {
    return this.#pairs.find((pair) => pair.name === name)?.value;
  }

  /** Every value of the name, in order. */
  all(name: string): readonly string[] {
    return this.#pairs.filter((pair) => pair.name === name).map(({ value }) => value);
  }

  /** True when the name is there. */
  has(name: string): boolean {
    return this.#pairs.some((pair) => pair.name === name);
  }

  /** The names there are, each once. */
  names(): readonly string[] {
    return [...new Set(this.#pairs.map(({ name }) => name))];
  }

  /** One value in place of all there are. */
  set(name: string, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  /** One more value. */
  add(name: string, value: string): void {
    this.#pairs.push(writePair(name, value));
  }

  /** Takes the name away. */
  remove(name: string): void {
    this.#pairs = this.#pairs.filter((pair) => pair.name !== name);
  }

  /** Gives the values of one name another, in their places. */
  rename(from: string, to: string): void {
    this.#pairs = this.#pairs.map((pair) =>
      pair.name === from ? writePair(to, pair.value) : pair,
    );
  }

  /** With its question mark; empty when nothing is left. */
  toString(): string {
    return this.#pairs.length === 0 ? "" : `?${this.#pairs.map(({ raw }) => raw).join("&")}`;
  }
}

function readPair(raw: string): Pair {
  const sign = raw.indexOf("=");
  const name = sign < 0 ? raw : raw.slice(0, sign);
  return { name: decode(name), value: sign < 0 ? "" : decode(raw.slice(sign + 1)), raw };
}

function writePair(name: string, value: string): Pair {
  const raw = `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`;
  return { name, value, raw };
}

function decode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Escapes that are no UTF-8 are a name of their own and stay as they were sent.
    return text;
  }
}
