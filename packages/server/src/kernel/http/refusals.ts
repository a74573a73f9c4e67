import type { Operation } from "../contract/index.ts";

/** Whether an operation asks for a permission, beyond a credential. */
export function asksPermission({ access }: Pick<Operation, "access">): boolean {
  return access !== "public" && access !== "caller";
}

/**
 * Codes that an operation may be refused with: what the kernel derives of its declaration (access, input, limits,
 * idempotency), before `handle` runs, and what it declares itself.
 */
export function refusalsOf(operation: Operation): readonly string[] {
  const { access, body, params, query, limits, idempotent, errors } = operation;
  const takesInput = body !== undefined || params !== undefined || query !== undefined;
  const derived = [
    ...(body === undefined
      ? []
      : ["request.malformed", "request.bodyTooLarge", "request.mediaType"]),
    ...(takesInput ? ["request.invalid"] : []),
    ...(access === "public" ? [] : ["access.unauthenticated"]),
    ...(asksPermission(operation) ? ["access.forbidden"] : []),
    ...(limits.length === 0 ? [] : ["request.rateLimited"]),
    ...(idempotent !== false ? ["request.inProgress", "request.idempotencyReuse"] : []),
  ];
  return [...new Set([...derived, ...errors])];
}
