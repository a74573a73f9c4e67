import type { Template } from "../../template.ts";
import type { OpenApiDocument, OpenApiOperation } from "../document.ts";
import { replyRules } from "./reply-check.ts";
import type { ReplyRules } from "./reply-check.ts";
import { requestRules } from "./request-check.ts";
import type { RequestRules } from "./request-check.ts";
import { Validators } from "./validators.ts";

/** A document with what is compiled of it: kept as long as the document is in force. */
export interface OpenedDocument {
  readonly document: OpenApiDocument;
  readonly validators: Validators;
}

/** Makes a document ready for checks. Nothing is compiled yet. */
export function openDocument(document: OpenApiDocument): OpenedDocument {
  return { document, validators: new Validators(document.json) };
}

/** What one route checks of its requests. */
export interface RequestChecking extends OpenedDocument {
  readonly rules: RequestRules;
  /** The route's whole template, from which the values of the path are read. */
  readonly template: Template;
  readonly bytesMax: number;
}

/** What one route checks of its replies. */
export interface ReplyChecking extends OpenedDocument {
  readonly rules: ReplyRules;
  readonly isEnforced: boolean;
  readonly bytesMax: number;
}

/** One operation on a route. */
export interface CheckedRoute {
  readonly opened: OpenedDocument;
  readonly operation: OpenApiOperation;
  readonly bytesMax: number;
}

/** The checks of a route's requests. */
export function requestChecking(
  { opened, operation, bytesMax }: CheckedRoute,
  template: Template,
): RequestChecking {
  return { ...opened, rules: requestRules(opened.document, operation), template, bytesMax };
}

/** The checks of a route's replies. */
export function replyChecking(
  { opened, operation, bytesMax }: CheckedRoute,
  mode: "report" | "enforce",
): ReplyChecking {
  const rules = replyRules(opened.document, operation);
  return { ...opened, rules, isEnforced: mode === "enforce", bytesMax };
}
