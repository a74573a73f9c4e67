/**
 * A place other plugins may add to, under a string id with a version (`realtime.channels@1`). Points are known by
 * this id alone: a copied plugin that meets a second kernel still finds them.
 */
export interface Point<TContribution> {
  readonly id: string;
  /** Carries the type only; never set. */
  readonly contribution?: TContribution;
}

/** One thing a plugin adds to a point. */
export interface Contribution {
  readonly point: string;
  readonly value: unknown;
}

/**
 * Declares a point.
 *
 * @example
 * export const Greetings = point<{ language: string; text: string }>("hello.greetings@1");
 */
export function point<TContribution>(id: string): Point<TContribution> {
  return { id };
}

/**
 * Adds to a point, declared here or by another plugin.
 *
 * @example
 * contributes: [add(Greetings, { language: "cy", text: "Helo" })]
 */
export function add<TContribution>(to: Point<TContribution>, value: TContribution): Contribution {
  return { point: to.id, value };
}
