import type { DataValidationCxt, SchemaValidateFunction } from "ajv/dist/types/index.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ValidateFunction } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import type { ProblemPlace } from "portico/kernel";
import { patternOf } from "../check-document.ts";
import type { JsonObject } from "../document.ts";
import { targetOf } from "../references.ts";
import { prepare, REFERENCE } from "./for-ajv.ts";
import type { Direction } from "./for-ajv.ts";
import { placesOf, withKind } from "./places.ts";

/** How a schema is applied. */
export interface Manner {
  readonly direction: Direction;
  /** Values came as text (path, query, form): `"5"` is an integer where one is asked for. */
  readonly isText: boolean;
}

interface Generation {
  readonly byReference: Map<unknown, ValidateFunction>;
  readonly ajv: Ajv2020;
}

/**
 * Objects of schemas that one document may have compiled at a time. A node costs about 3 KB of heap, as measured
 * over the 468 operations of Stripe (8,150 nodes): this is 50 MB.
 */
const NODES_MAX = 16_000;

/** Kept apart, for they are other code: which way, how, and whether all mistakes are looked for. */
const FLAVOURS = 8;

/**
 * The validators of one document, each compiled when it is first needed. What is compiled is bounded: at half the bound a new
 * generation begins, and what the one before held goes when the next begins, unless it was used meanwhile.
 */
export class Validators {
  readonly #document: JsonObject;
  readonly #nodesMax: number;
  readonly #young: (Generation | undefined)[] = Array.from({ length: FLAVOURS });
  readonly #old: (Generation | undefined)[] = Array.from({ length: FLAVOURS });
  readonly #targets = new Map<string, unknown>();
  #nodes = 0;
  #nodesOld = 0;

  constructor(document: JsonObject, nodesMax: number = NODES_MAX) {
    this.#document = document;
    this.#nodesMax = nodesMax;
  }

  /** Objects of schemas compiled just now. */
  get nodes(): number {
    return this.#nodes + this.#nodesOld;
  }

  /** What is wrong with a value; nothing when it fits. With `isText` the value is changed to what its schema says. */
  check(schema: JsonObject | boolean, value: unknown, manner: Manner): readonly ProblemPlace[] {
    // Most values fit, so the validator that stops at the first mistake is asked first.
    const base = (manner.direction === "request" ? 0 : 4) + (manner.isText ? 2 : 0);
    if (this.#validator(schema, base)(value)) return [];
    const explains = this.#validator(schema, base + 1);
    explains(value);
    const places = placesOf(explains.errors ?? []);
    // Texts that the first look has turned into numbers may please the second: the first one counts.
    return places.length > 0 ? places : [{ pointer: "", detail: "does not fit its schema" }];
  }

  #validator(schema: unknown, flavour: number): ValidateFunction {
    const young = this.#young[flavour];
    const known = young?.byReference.get(schema) ?? this.#old[flavour]?.byReference.get(schema);
    return known ?? this.#compile(schema, flavour);
  }

  #compile(schema: unknown, flavour: number): ValidateFunction {
    const direction = flavour < 4 ? "request" : "reply";
    const { schema: ready, nodes } = prepare(this.#document, schema, direction);
    if (this.#nodes > 0 && (this.#nodes + nodes) * 2 > this.#nodesMax) this.#age();
    const generation = (this.#young[flavour] ??= this.#generation(flavour));
    const compiled = generation.ajv.compile(ready);
    generation.byReference.set(schema, compiled);
    this.#nodes += nodes;
    return compiled;
  }

  #age(): void {
    for (let flavour = 0; flavour < FLAVOURS; flavour += 1) {
      this.#old[flavour] = this.#young[flavour];
      this.#young[flavour] = undefined;
    }
    this.#nodesOld = this.#nodes;
    this.#nodes = 0;
  }

  #generation(flavour: number): Generation {
    const ajv = new Ajv2020({
      // Documents carry their vendors' keywords, and have been looked at when they were read.
      strict: false,
      validateSchema: false,
      meta: false,
      logger: false,
      addUsedSchema: false,
      // `__proto__` and `constructor` are members only where the value has them itself.
      ownProperties: true,
      allErrors: flavour % 2 === 1,
      verbose: flavour % 2 === 1,
      coerceTypes: flavour % 4 >= 2,
      // Optimising costs three times the compilation, and most operations are called rarely.
      code: { regExp: REGULAR, optimize: false },
    });
    ajvFormats.default(ajv);
    ajv.addKeyword({
      keyword: REFERENCE,
      modifying: true,
      errors: "full",
      validate: this.#follower(flavour),
    });
    return { ajv, byReference: new Map() };
  }

  /** What a reference leads to, looked up once: a list asks for it with every item. */
  #target(reference: string): unknown {
    if (!this.#targets.has(reference)) {
      this.#targets.set(reference, targetOf(this.#document, reference));
    }
    return this.#targets.get(reference);
  }

  #follower(flavour: number): SchemaValidateFunction {
    const follow: SchemaValidateFunction = (
      ...[reference, value, , context]: [unknown, unknown, unknown?, DataValidationCxt?]
    ) => {
      const target = this.#target(String(reference));
      const validator = this.#validator(target, flavour);
      const fits = validator(value, context);
      // A validator may meet itself below: its mistakes are taken before it is asked again.
      if (!fits) follow.errors = (validator.errors ?? []).map(withKind);
      return fits;
    };
    return follow;
  }
}

const REGULAR = Object.assign((pattern: string): RegExp => patternOf(pattern) ?? /(?:)/, {
  code: "patternOf",
});
