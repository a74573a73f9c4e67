import type {
  AnyPlugin,
  EventTypeDefinition,
  PermissionDefinition,
  RegisteredError,
  RegisteredOperation,
  RegistryFace,
  ServerFacts,
} from "../contract/index.ts";
import { buildOpenApi } from "./openapi.ts";
import type { OwnedErrors } from "./options.ts";
import { problemExample } from "./problem-example.ts";
import { docsUrlOf } from "./problem-reply.ts";

/** What a registry is made of. */
export interface RegistryOptions {
  readonly plugins: readonly AnyPlugin[];
  /** Every operation served, the kernel's own among them. */
  readonly operations: readonly RegisteredOperation[];
  readonly kernelErrors: readonly OwnedErrors[];
  readonly kernelEvents: Readonly<Record<string, EventTypeDefinition>>;
  readonly kernelPermissions: Readonly<Record<string, PermissionDefinition>>;
  /** `WWW-Authenticate` of this server. */
  readonly challenges: string;
  readonly server: ServerFacts;
}

/** The registry of one server: what is declared, gathered in one place. */
export function createRegistry(options: RegistryOptions): RegistryFace {
  const { plugins, operations, server, challenges } = options;
  const errors = errorsOf(options);
  let document: Readonly<Record<string, unknown>> | undefined;
  return {
    plugins: plugins.map(({ id, version }) => ({ id, version })),
    operations,
    errors,
    permissions: [
      { owner: "kernel", permissions: options.kernelPermissions },
      ...plugins.map(({ id, permissions }) => ({ owner: id, permissions: permissions ?? {} })),
    ].flatMap(({ owner, permissions }) =>
      Object.entries(permissions).map(([name, definition]) => ({
        owner,
        name,
        ...(typeof definition === "string"
          ? {
              label: definition,
              scope: "organization" as const,
            }
          : definition),
      })),
    ),
    events: [{ id: "kernel", events: options.kernelEvents }, ...plugins].flatMap(({ id, events }) =>
      Object.entries(events ?? {}).map(([type, definition]) => ({ owner: id, type, definition })),
    ),
    exampleOf: (code) => {
      const error = errors.find((each) => each.code === code);
      return error === undefined ? undefined : problemExample(error, docsUrlOf(server));
    },
    openapi: () => (document ??= buildOpenApi({ operations, errors, challenges, server })),
  };
}

function errorsOf({ plugins, kernelErrors }: RegistryOptions): readonly RegisteredError[] {
  return [
    ...kernelErrors,
    ...plugins.map(({ id, errors }) => ({ owner: id, errors: errors ?? {} })),
  ]
    .flatMap(({ owner, errors }) =>
      Object.entries(errors).map(([code, definition]) => ({ owner, code, definition })),
    )
    .toSorted((left, right) => (left.code < right.code ? -1 : Number(left.code > right.code)));
}
