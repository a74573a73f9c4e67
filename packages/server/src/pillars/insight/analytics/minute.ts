import type { AnsweredRequest } from "portico/kernel";
import { OTHER, Series } from "./series.ts";
import type { Labels } from "./series.ts";

/**
 * The counts of one minute. Finding the series of a request is three look-ups by texts that are there already and a
 * short walk: no text is put together for it.
 */
export class Minute {
  /** ms since 1970. */
  readonly at: number;
  /**
   * 0, or another number for each time a minute is begun anew after it was written and let go: its rows must not take
   * the place of those that were written.
   */
  readonly again: number;
  readonly #seriesMax: number;
  /** Route → method → credential, or the organization where there is none → the few that differ in the rest. */
  readonly #byRoute = new Map<string, Map<string, Map<string, Series[]>>>();
  readonly #all: Series[] = [];

  constructor(at: number, seriesMax: number, again = 0) {
    this.at = at;
    this.#seriesMax = seriesMax;
    this.again = again;
  }

  get series(): readonly Series[] {
    return this.#all;
  }

  count(request: AnsweredRequest): void {
    this.#find(request).add(request);
  }

  #find(request: AnsweredRequest): Series {
    const { route, method, credential, organization } = request;
    const group = this.#byRoute
      .get(route)
      ?.get(method)
      ?.get(credential ?? organization);
    const found = group === undefined ? undefined : matching(group, request);
    return found ?? this.#open(request);
  }

  /** A new series; beyond the limit first the key and then the rest is counted as "other". */
  #open(request: AnsweredRequest): Series {
    const labels = labelsOf(request);
    const size = this.#all.length;
    if (size < this.#seriesMax) return this.#add(request.route, request.method, labels);
    const withoutKey = { ...labels, credential: labels.credential === "" ? "" : OTHER };
    const known = this.#same(withoutKey);
    if (known !== undefined) return known;
    // Half as many again for routes whose keys have no room: they tell more than one great "other".
    if (size < this.#seriesMax * 1.5) return this.#keep(new Series(withoutKey));
    const other = {
      organization: labels.organization,
      api: OTHER,
      operation: OTHER,
      version: "",
      credential: "",
      status: labels.status,
    };
    return this.#same(other) ?? this.#keep(new Series(other));
  }

  #add(route: string, method: string, labels: Labels): Series {
    const made = this.#keep(new Series(labels));
    const methods = entry(this.#byRoute, route, () => new Map<string, Map<string, Series[]>>());
    const keys = entry(methods, method, () => new Map<string, Series[]>());
    const key = labels.credential === "" ? labels.organization : labels.credential;
    entry(keys, key, () => []).push(made);
    return made;
  }

  #keep(made: Series): Series {
    this.#all.push(made);
    this.#folded.set(textOf(made.labels), made);
    return made;
  }

  readonly #folded = new Map<string, Series>();

  #same(labels: Labels): Series | undefined {
    return this.#folded.get(textOf(labels));
  }
}

function labelsOf(request: AnsweredRequest): Labels {
  return {
    organization: request.organization,
    api: request.api,
    operation: `${request.method} ${request.route}`,
    version: request.version ?? "",
    credential: request.credential ?? "",
    status: Math.floor(request.status / 100),
  };
}

function matching(group: readonly Series[], request: AnsweredRequest): Series | undefined {
  const status = Math.floor(request.status / 100);
  const version = request.version ?? "";
  for (const series of group) {
    const { labels } = series;
    if (
      labels.status === status &&
      labels.api === request.api &&
      labels.version === version &&
      labels.organization === request.organization
    ) {
      return series;
    }
  }
  return undefined;
}

function textOf({ organization, api, operation, version, credential, status }: Labels): string {
  return JSON.stringify([organization, api, operation, version, credential, status]);
}

function entry<TValue>(map: Map<string, TValue>, key: string, make: () => TValue): TValue {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
