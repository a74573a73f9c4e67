import { Type } from "typebox";
import { raise } from "./errors.ts";
import { compileFilter, filterMistakes } from "./filter.ts";
import type { Filter } from "./filter.ts";

const CHANNELS_MAX = 10;

/** Whose a webhook is: any well-formed text without control characters. */
export const Owner = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: "^[^\\u0000-\\u001f\\u007f]+$",
  description: "The application's own id of the customer whom the webhook serves.",
});

/** The JSON form of a filter; what it holds is checked by {@link acceptFilter}. */
export const FilterBody = Type.Object(
  {},
  {
    additionalProperties: true,
    description:
      "Which events: `{ path, eq | ne | gt | gte | lt | lte | in | exists | prefix }`, or `{ and: […] }`, `{ or: […] }`, " +
      "`{ not: … }` of such. A path is `type`, `subject`, or `data.…`.",
  },
);

/** Fields of a webhook that say which events it asks for, beside their types, and whose it is. */
export const subscriptionFields = {
  channels: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
    maxItems: CHANNELS_MAX,
    uniqueItems: true,
    description: "An event is delivered when it carries one of them. Empty: whatever it carries.",
  }),
  filter: Type.Union([FilterBody, Type.Null()]),
  owner: Type.Union([Owner, Type.Null()]),
};

/** The same as callers see them. */
export const SubscriptionView = {
  channels: Type.Array(Type.String()),
  filter: Type.Union([FilterBody, Type.Null()]),
  owner: Type.Union([Type.String(), Type.Null()]),
};

/** Columns that the view rests on. */
export const SUBSCRIPTION_COLUMNS = ["channels", "filter", "owner"] as const;

/** Those columns as they are read. */
export interface SubscriptionRow {
  readonly channels: string;
  readonly filter: string | null;
  readonly owner: string | null;
}

/** What of a body says so; what is left out stays as it is. */
export interface SubscriptionInput {
  readonly channels?: readonly string[];
  readonly filter?: object | null;
  readonly owner?: string | null;
}

/** A filter that can be used. Raises `webhooks.badFilter` with each mistake and its place. */
export function acceptFilter(given: object): Filter {
  const errors = filterMistakes(given);
  if (errors.length > 0) {
    const [first] = errors;
    throw raise("webhooks.badFilter", { params: { reason: first?.detail ?? "" }, errors });
  }
  // Checked part by part.
  const filter = given as Filter;
  compileFilter(filter);
  return filter;
}

/** The columns that these fields set. */
export function subscriptionColumns(input: SubscriptionInput): Partial<SubscriptionRow> {
  const { channels, filter, owner } = input;
  return {
    ...(channels === undefined ? {} : { channels: JSON.stringify(channels) }),
    ...(filter === undefined
      ? {}
      : { filter: filter === null ? null : JSON.stringify(acceptFilter(filter)) }),
    ...(owner === undefined ? {} : { owner }),
  };
}

/** One row in the form callers see. */
export function viewSubscription(row: SubscriptionRow): {
  channels: string[];
  filter: object | null;
  owner: string | null;
} {
  return {
    // Written by us.
    channels: JSON.parse(row.channels) as string[],
    filter: row.filter === null ? null : (JSON.parse(row.filter) as object),
    owner: row.owner,
  };
}
