import { idMaker } from "../../base/index.ts";
import { createAccess, type KernelAccess, type PermissionScope } from "../access/index.ts";
import {
  Authenticators,
  Checks,
  Fronts,
  Limiters,
  Pages,
  Registry,
  RequestObservers,
  type AnyPlugin,
  type PluginContext,
  type RegistryFace,
} from "../contract/index.ts";
import {
  createHttp,
  createProbes,
  createRegistry,
  type OwnedErrors,
  type PorticoHttp,
} from "../http/index.ts";
import { collectContributions, contextOf, type Exchange, type Services } from "./context.ts";
import { raise } from "./errors.ts";
import { findMistakes } from "./mistakes.ts";
import { inStartOrder } from "./order.ts";
import { contextIn, type AssembleOptions, type Parts, type PartsState } from "./parts.ts";
import { createPortico, type Portico } from "./portico.ts";
import { ENGINE_MAJOR, kernelErrors, kernelPermissions, kernelPoints } from "./words.ts";
import { createSpine, type Spine } from "./spine.ts";

/**
 * Makes a server of its plugins: finds every mistake (`app.invalid`, nothing has been opened or changed by then),
 * migrates, and ties the parts together. Nothing runs before `start`. The driver is closed by `stop`.
 */
export async function assemble(options: AssembleOptions): Promise<Portico> {
  refuseMistakes(options.plugins);
  const plugins = inStartOrder(options.plugins);
  const makeId = idMaker({ now: options.clock.now, fill: options.fillRandom });
  const { clock, logger, meter, secrets, server } = options;
  const spine = await createSpine({
    driver: options.driver,
    plugins,
    clock,
    makeId,
    logger,
    meter,
    secrets,
    version: server.version,
    runTwice: options.runTwice ?? false,
  });
  const exchange: Exchange = {
    plugins,
    provided: new Map(),
    contributed: collectContributions(plugins),
  };
  const access = createAccess({
    authenticators: contributed(exchange, Authenticators.id),
    permissions: permissionsOf(plugins),
  });
  const state: PartsState = { isStarted: false, ownPaths: [] };
  const services = servicesOf(options, { makeId, spine, access, state });
  const contexts = new Map(
    plugins.map((plugin) => [
      plugin.id,
      contextOf(plugin, options.settings[plugin.id] ?? {}, { services, exchange }),
    ]),
  );
  const parts = { options, plugins, spine, exchange, access, contexts, services, state };
  const http = httpOf(parts);
  state.ownPaths = http.ownPaths();
  exchange.provided.set(Registry.id, registryOf(parts, http));
  return createPortico({ ...parts, http });
}

function refuseMistakes(plugins: readonly AnyPlugin[]): void {
  const mistakes = findMistakes({
    plugins,
    kernelPoints,
    kernelErrors: new Set(kernelErrors.flatMap(({ errors }) => Object.keys(errors))),
    kernelPermissions: new Set(Object.keys(kernelPermissions)),
    engineMajor: ENGINE_MAJOR,
  });
  if (mistakes.length === 0) return;
  throw raise("app.invalid", {
    params: {
      count: mistakes.length,
      list: mistakes.map(({ path, problem, fix }) => `  ${path}: ${problem}; ${fix}`).join("\n"),
    },
    errors: mistakes.map(({ path, problem, fix }) => ({
      pointer: path,
      detail: `${problem}; ${fix}`,
    })),
  });
}

function permissionsOf(plugins: readonly AnyPlugin[]): Readonly<Record<string, PermissionScope>> {
  const declared = plugins.flatMap((plugin) => Object.entries(plugin.permissions ?? {}));
  return Object.fromEntries(
    [...Object.entries(kernelPermissions), ...declared].map(([name, definition]) => [
      name,
      typeof definition === "string" ? "organization" : definition.scope,
    ]),
  );
}

function servicesOf(
  options: AssembleOptions,
  made: {
    readonly makeId: Services["makeId"];
    readonly spine: Spine;
    readonly access: KernelAccess;
    readonly state: PartsState;
  },
): Services {
  const { clock, fillRandom, logger, meter, secrets, outbound } = options;
  const server = { ...options.server, ownPaths: () => made.state.ownPaths };
  const { hub, log, changes } = made.spine;
  const { makeId, access } = made;
  return {
    clock,
    fillRandom,
    makeId,
    logger,
    meter,
    hub,
    log,
    changes,
    access,
    secrets,
    outbound,
    server,
  };
}

function contributed<TValue>(exchange: Exchange, point: string): readonly TValue[] {
  return (exchange.contributed.get(point) ?? []) as readonly TValue[];
}

/** Contributions to a point, each with the context of the plugin that made it. */
function bound<TValue>(
  parts: Parts,
  point: string,
): readonly { readonly value: TValue; readonly ctx: PluginContext }[] {
  return parts.plugins.flatMap((plugin) =>
    (plugin.contributes ?? [])
      .filter((each) => each.point === point)
      .map((each) => ({ value: each.value as TValue, ctx: contextIn(parts, plugin.id) })),
  );
}

function registryOf({ plugins, access, services }: Parts, http: PorticoHttp): RegistryFace {
  return createRegistry({
    plugins,
    kernelErrors,
    kernelPermissions,
    server: services.server,
    operations: http.operations(),
    challenges: access.challenges,
  });
}

function httpOf(parts: Parts): PorticoHttp {
  const { options, plugins, exchange, access, services, spine, state } = parts;
  const { driver, clock, meter } = options;
  const { server } = services;
  const [limiter] = contributed<never>(exchange, Limiters.id);
  const pluginErrors: readonly OwnedErrors[] = kernelErrors;
  return createHttp({
    operations: plugins.flatMap((plugin) =>
      (plugin.operations ?? []).map((operation) => ({
        operation,
        plugin: plugin.id,
        ctx: contextIn(parts, plugin.id),
      })),
    ),
    pages: bound<never>(parts, Pages.id).map(({ value, ctx }) => ({ page: value, ctx })),
    fronts: contributed(exchange, Fronts.id),
    observers: contributed(exchange, RequestObservers.id),
    access,
    hub: spine.hub,
    secrets: options.secrets,
    kernelErrors: pluginErrors,
    ...(limiter === undefined ? {} : { limiter }),
    probes: createProbes({
      driver,
      clock,
      version: server.version,
      isStarted: () => state.isStarted,
      checks: bound<never>(parts, Checks.id).map(({ value, ctx }) => ({ check: value, ctx })),
      metrics: async () => ({ contentType: meter.contentType, text: await meter.metricsText() }),
    }),
    clock,
    makeId: services.makeId,
    fillRandom: options.fillRandom,
    logger: options.logger,
    meter,
    server,
    config: options.http,
  });
}
