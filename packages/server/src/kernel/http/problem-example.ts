import { Problem } from "../../base/index.ts";
import type { RegisteredError } from "../contract/index.ts";
import { problemDocument } from "./problem-reply.ts";

const REQUEST_ID = "req_01k0c9sh1hfx1vq6qkz3h7p2ae";
const COUNT = /(?:count|max|min|ms|bytes|length|limit|seconds|after|revision|seq|got|port)$/i;
/** Codes whose problems list every place that is wrong. */
const PLACES: Readonly<Record<string, unknown>> = {
  "request.invalid": [{ pointer: "/name", detail: "must be a text of at least 1 character" }],
};

/** A problem document of one code as a caller would read it, its params filled with made-up values. */
export function problemExample(
  { code, definition }: RegisteredError,
  docsUrl: string,
): Readonly<Record<string, unknown>> {
  const names = [...definition.text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const params = Object.fromEntries(names.map((name) => [name, sampleOf(name)]));
  const problem = new Problem(code, definition, names.length === 0 ? {} : { params });
  const document = problemDocument(problem, { docsUrl, requestId: REQUEST_ID });
  const errors = PLACES[code];
  return errors === undefined ? document : { ...document, errors };
}

function sampleOf(name: string): string | number {
  if (name === "count") return 1;
  return COUNT.test(name) ? 100 : "…";
}
