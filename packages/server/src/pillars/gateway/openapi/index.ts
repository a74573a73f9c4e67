/**
 * OpenAPI documents of fronted APIs: read, checked, and turned into routes, checks and pages.
 *
 * Nouns: document (OpenAPI 3.1 inside, whatever was given), operation (one method of one path), mistake (pointer and what
 * is wrong), rules (what an operation says of its requests and replies).
 * One document: `readDocument(source, parts)` → `{ document }` or `{ mistakes }`, all of them at once; `openDocuments` reads
 * those that settings name. Then `routesOf` for the table, `requestChecking` and `replyChecking` for the steps of a route
 * (`validation/`), `publicDocument` for the pages.
 */
export type {
  DocumentMistake,
  JsonObject,
  OpenApiDocument,
  OpenApiOperation,
  ReadOutcome,
} from "./document.ts";
export type { ReplyChecks, RequestChecks } from "./extensions.ts";
export { publicDocument } from "./public-document.ts";
export type { PublicOptions } from "./public-document.ts";
export { readDocument } from "./read-document.ts";
export type { ReadParts } from "./read-document.ts";
export { routesOf } from "./routes-of.ts";
export type { DocumentRoute, RouteDefaults } from "./routes-of.ts";
export { openDocuments } from "./open-documents.ts";
export type {
  Documented,
  DocumentNamed,
  Documents,
  KnownDocuments,
  OpenedDocuments,
} from "./open-documents.ts";
export {
  checkBody,
  checkHead,
  checkReply,
  decode,
  entryFor,
  kindOfType,
  lookAtReply,
  readMediaType,
  replyChecking,
  requestChecking,
} from "./validation/index.ts";
export type {
  BodyEntry,
  BodyRules,
  CheckedRoute,
  MediaType,
  OpenedDocument,
  ReplyChecking,
  RequestChecking,
} from "./validation/index.ts";
