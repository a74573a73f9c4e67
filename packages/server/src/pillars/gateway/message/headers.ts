import { nameFault, wireValue } from "./fields.ts";

/**
 * The header fields of one message as hooks and version changes see and edit them. Names are compared without case;
 * several fields of one name keep their order. Fields of framing, routing and identity may be read, not changed.
 *
 * @example
 * message.headers.set("X-Plan", "gold");
 * message.headers.remove("X-Old");
 */
export class MessageHeaders {
  #raw: string[];
  readonly #edited = new Set<string>();

  /** `raw` holds names and values in turn, as node:http gives them; it is copied. */
  constructor(raw: readonly string[]) {
    this.#raw = [...raw];
  }

  /** The value; several fields joined with a comma. Undefined when there is none. */
  get(name: string): string | undefined {
    const values = this.all(name);
    return values.length === 0 ? undefined : values.join(", ");
  }

  /** The values of every field of the name, in order. */
  all(name: string): readonly string[] {
    const wanted = name.toLowerCase();
    return this.#raw.filter(
      (_each, index) => index % 2 === 1 && this.#raw[index - 1]?.toLowerCase() === wanted,
    );
  }

  /** True when at least one field has the name. */
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** The names there are, in lower case, each once. */
  names(): readonly string[] {
    return [
      ...new Set(this.#raw.filter((_each, index) => index % 2 === 0).map((n) => n.toLowerCase())),
    ];
  }

  /** Replaces every field of the name. Throws a TypeError for a name or value that may not be set. */
  set(name: string, value: string): void {
    const written = checked(name, value);
    this.#drop(name);
    this.#raw.push(name, written);
  }

  /** Adds one more field of the name. Throws a TypeError as `set` does. */
  add(name: string, value: string): void {
    this.#raw.push(name, checked(name, value));
    this.#edited.add(name.toLowerCase());
  }

  /** Takes every field of the name away. Throws a TypeError for a name that may not be changed. */
  remove(name: string): void {
    refuseName(name);
    this.#drop(name);
  }

  /** Gives the fields of one name another, values kept. Nothing happens when there are none. */
  rename(from: string, to: string): void {
    refuseName(from);
    refuseName(to);
    const wanted = from.toLowerCase();
    if (!this.has(from)) return;
    this.#raw = this.#raw.map((each, index) =>
      index % 2 === 0 && each.toLowerCase() === wanted ? to : each,
    );
    this.#edited.add(wanted).add(to.toLowerCase());
  }

  /** Names and values in turn, as they go on. */
  toRaw(): readonly string[] {
    return this.#raw;
  }

  /** Lower-case names that were set, added, removed or renamed. */
  get edited(): ReadonlySet<string> {
    return this.#edited;
  }

  #drop(name: string): void {
    const wanted = name.toLowerCase();
    const kept: string[] = [];
    for (let index = 0; index < this.#raw.length; index += 2) {
      const each = this.#raw[index] ?? "";
      if (each.toLowerCase() !== wanted) kept.push(each, this.#raw[index + 1] ?? "");
    }
    this.#raw = kept;
    this.#edited.add(wanted);
  }
}

function refuseName(name: string): void {
  const fault = nameFault(name);
  if (fault !== undefined) throw new TypeError(fault);
}

function checked(name: string, value: string): string {
  refuseName(name);
  const written = typeof value === "string" ? wireValue(value) : undefined;
  if (written === undefined) {
    throw new TypeError(`the header field '${name}' was given a value with a control character`);
  }
  return written;
}
