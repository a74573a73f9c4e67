/**
 * OpenAPI documents of fronted APIs: read, checked, and turned into routes, validation and pages.
 *
 * Nouns: document (OpenAPI 3.1 inside, whatever was given), operation (one method of one path), mistake (pointer and what
 * is wrong), check (the compiled rules of one operation).
 * One document: `readDocument(source, parts)` → `{ document }` or `{ mistakes }`, all of them at once.
 * Then: `routesOf(document, defaults)` for the table, `createChecks(document, options)` for the steps,
 * `publicDocument(document, options)` and `toOpenApi30(json)` for the pages, `listOperations(document)` for discovery.
 */
export type {
  DocumentMistake,
  JsonObject,
  OpenApiDocument,
  OpenApiOperation,
  ReadOutcome,
} from "./document.ts";
export type { ReplyChecks, RequestChecks } from "./extensions.ts";
export { listOperations } from "./list-operations.ts";
export type { OperationView } from "./list-operations.ts";
export { publicDocument } from "./public-document.ts";
export type { PublicOptions } from "./public-document.ts";
export { readDocument } from "./read-document.ts";
export type { ReadParts } from "./read-document.ts";
export { routesOf } from "./routes-of.ts";
export type { DocumentRoute, RouteDefaults } from "./routes-of.ts";
