import type { ProblemPlace } from "portico/kernel";
import type { OpenApiDocument, OpenApiOperation } from "../document.ts";
import { parametersOf } from "../parameters.ts";
import { resolved } from "../references.ts";
import { entriesOf } from "./body.ts";
import type { BodyEntry } from "./body.ts";
import {
  broughtByCookies,
  broughtByHeaders,
  broughtByPath,
  broughtByQuery,
  checkGroup,
  groupsOf,
} from "./parameters.ts";
import type { Brought, ParameterGroup } from "./parameters.ts";
import type { Validators } from "./validators.ts";

/** What of a request stands before its body. */
export interface RequestHead {
  /** By name, still percent-encoded. */
  readonly path: ReadonlyMap<string, string>;
  /** With or without its `?`. */
  readonly query: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The rules for requests of one operation. Cheap to make: what they need is compiled when the first request comes. */
export interface RequestRules {
  readonly groups: readonly ParameterGroup[];
  readonly body: BodyRules | undefined;
}

/** The rules for a request's body. */
export interface BodyRules {
  readonly isRequired: boolean;
  readonly entries: readonly BodyEntry[];
  /** For the refusal: the types that are taken. */
  readonly types: string;
}

/** Reads the rules of an operation. */
export function requestRules(document: OpenApiDocument, operation: OpenApiOperation): RequestRules {
  const { json } = document;
  const body = resolved(json, operation.operation["requestBody"]);
  const entries = body === undefined ? [] : entriesOf(body["content"]);
  return {
    groups: groupsOf(json, parametersOf(json, operation)),
    body:
      body === undefined || entries.length === 0
        ? undefined
        : {
            isRequired: body["required"] === true,
            entries,
            types: entries.map(({ range }) => range).join(", "),
          },
  };
}

/** Everything that is wrong with path, query, header fields and cookies. */
export function checkHead(
  { document, validators }: { readonly document: OpenApiDocument; readonly validators: Validators },
  { groups }: RequestRules,
  head: RequestHead,
): readonly ProblemPlace[] {
  const places: ProblemPlace[] = [];
  for (const group of groups) {
    const brought = broughtBy(group, head);
    if (typeof brought === "string") {
      places.push({ in: group.location, pointer: "", detail: brought });
    } else {
      places.push(...checkGroup({ document: document.json, validators }, group, brought));
    }
  }
  return places;
}

function broughtBy(group: ParameterGroup, { path, query, headers }: RequestHead): Brought | string {
  switch (group.location) {
    case "path":
      return broughtByPath(path);
    case "query":
      return broughtByQuery(query, group);
    case "header":
      return broughtByHeaders(headers);
    case "cookie": {
      const { cookie } = headers;
      return broughtByCookies(Array.isArray(cookie) ? cookie.join("; ") : cookie);
    }
  }
}
