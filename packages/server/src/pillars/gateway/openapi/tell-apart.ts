import { shapeOf } from "../template.ts";
import type { JsonObject, OpenApiOperation } from "./document.ts";
import { parametersOf, schemaOf } from "./parameters.ts";

const PARAMETER = /\{([^{}]*)\}/g;

/**
 * Operations of one method whose paths differ only in the names of their parameters are told apart by what their parameters
 * are: `/Invoices/{InvoiceID}` with a UUID and `/Invoices/{Number}` become `/Invoices/{InvoiceID:uuid}` and
 * `/Invoices/{Number}`. OpenAPI forbids such twins (§4.8.8), yet large documents have them.
 */
export function toldApart(
  document: JsonObject,
  operations: readonly OpenApiOperation[],
): readonly OpenApiOperation[] {
  const groups = Map.groupBy(operations, ({ method, path }) => `${method} ${shapeOf(path)}`);
  return operations.map((operation) => {
    const group = groups.get(`${operation.method} ${shapeOf(operation.path)}`) ?? [];
    if (group.length < 2) return operation;
    const kinds = group.map((each) => kindsOf(document, each));
    const own = kinds[group.indexOf(operation)] ?? [];
    let index = -1;
    const template = operation.path.replaceAll(PARAMETER, (whole, name: string) => {
      index += 1;
      const kind = own[index];
      const differs = kinds.some((each) => each[index] !== kind);
      return differs && kind !== undefined ? `{${name}:${kind}}` : whole;
    });
    return { ...operation, template };
  });
}

function kindsOf(
  document: JsonObject,
  operation: OpenApiOperation,
): readonly ("uuid" | "integer" | undefined)[] {
  const parameters = parametersOf(document, operation).filter((each) => each["in"] === "path");
  return [...operation.path.matchAll(PARAMETER)].map(([, name]) => {
    const parameter = parameters.find((each) => each["name"] === name);
    const { type, format } = schemaOf(document, parameter?.["schema"]);
    if (format === "uuid") return "uuid";
    return type === "integer" ? "integer" : undefined;
  });
}
