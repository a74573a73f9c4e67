import { idMaker } from "../../base/index.ts";
import { createAccess, type KernelAccess, type PermissionScope } from "../access/index.ts";
import {
  Audit,
  Authenticators,
  CallerGuards,
  Checks,
  FailureObservers,
  Fronts,
  Health,
  Intakes,
  Mounts,
  Jobs,
  Limiters,
  Pages,
  Permissions,
  Registry,
  RequestObservers,
  Schedules,
  Settings,
  type AnyPlugin,
  type Failure,
  type FailureObserver,
  type Logger,
  type RegistryFace,
} from "../contract/index.ts";
import {
  createHttp,
  createProbes,
  createRegistry,
  type PorticoHttp,
  type Probes,
} from "../http/index.ts";
import {
  collectContributions,
  contextOf,
  contributionsTo,
  valuesAt,
  type Exchange,
  type Services,
} from "./context.ts";
import { raise } from "./errors.ts";
import { keySetPages } from "./key-set.ts";
import { findMistakes } from "./mistakes.ts";
import { inStartOrder } from "./order.ts";
import { contextIn, type AssembleOptions, type Parts, type PartsState } from "./parts.ts";
import { createPortico, type Portico } from "./portico.ts";
import {
  ENGINE_MAJOR,
  kernelErrors,
  kernelEvents,
  kernelPermissions,
  kernelPoints,
} from "./words.ts";
import { createSpine, type Spine } from "./spine.ts";
import { createSettings, type RunningSettings } from "../settings/index.ts";
import { createTokens, type RunningTokens } from "../tokens/index.ts";

/**
 * Makes a server of its plugins: finds every mistake (`app.invalid`, nothing has been opened or changed by then),
 * migrates, and ties the parts together. Nothing runs before `start`. The driver is closed by `stop`.
 */
export async function assemble(options: AssembleOptions): Promise<Portico> {
  refuseMistakes(options.plugins);
  const plugins = inStartOrder(options.plugins);
  const makeId = idMaker({ now: options.clock.now, fill: options.fillRandom });
  const { clock, logger, meter, secrets, server } = options;
  const exchange: Exchange = {
    plugins,
    provided: new Map(),
    contributed: collectContributions(plugins),
    contexts: new Map(),
  };
  const spine = await createSpine({
    driver: options.driver,
    plugins,
    clock,
    makeId,
    fillRandom: options.fillRandom,
    logger,
    meter,
    secrets,
    fingerprints: options.fingerprints,
    version: server.version,
    failed: tellOf(valuesAt(exchange, FailureObservers), logger),
    runTwice: options.runTwice ?? false,
  });
  const { driver, fillRandom } = options;
  const tokens = createTokens({ driver, clock, makeId, fillRandom });
  const access = createAccess({
    authenticators: [tokens.authenticator, ...valuesAt(exchange, Authenticators)],
    permissions: permissionsOf(plugins),
    declared: valuesAt(exchange, Permissions),
    guards: valuesAt(exchange, CallerGuards),
  });
  const state: PartsState = { isStarted: false, ownPaths: [] };
  const services = servicesOf(options, { makeId, spine, access, tokens, state });
  const settings = await settingsOf(options, plugins, spine);
  for (const plugin of plugins) {
    const own = (): unknown => settings.of(plugin.id);
    exchange.contexts.set(plugin.id, contextOf(plugin, own, { services, exchange }));
  }
  const parts = { options, plugins, spine, exchange, access, services, state };
  const probes = probesOf(parts);
  const http = httpOf(parts, probes);
  state.ownPaths = http.ownPaths();
  exchange.provided.set(Audit.id, spine.auditor);
  exchange.provided.set(Jobs.id, spine.jobs.face);
  exchange.provided.set(Schedules.id, spine.schedules.face);
  exchange.provided.set(Settings.id, settings.face);
  exchange.provided.set(Health.id, {
    report: () => probes.health(),
    metrics: () => metricsOf(options),
  });
  exchange.provided.set(Registry.id, registryOf(parts, http));
  return createPortico({ ...parts, http });
}

function settingsOf(
  options: AssembleOptions,
  plugins: readonly AnyPlugin[],
  { hub, changes }: Spine,
): Promise<RunningSettings> {
  const { secrets, logger, settings: given } = options;
  const {
    pinned = {},
    kernel = {},
    isStoredIgnored: isIgnored = false,
  } = options.configuration ?? {};
  const sources = { plugins, given, pinned, kernel, isIgnored };
  return createSettings({ hub, changes, secrets, logger, ...sources });
}

function refuseMistakes(plugins: readonly AnyPlugin[]): void {
  const mistakes = findMistakes({
    plugins,
    kernelPoints,
    kernelErrors: new Set(kernelErrors.flatMap(({ errors }) => Object.keys(errors))),
    kernelPermissions: new Set(Object.keys(kernelPermissions)),
    kernelEvents: Object.keys(kernelEvents),
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

/** What fails must not fail because of who looks on. */
function tellOf(observers: readonly FailureObserver[], logger: Logger): (failure: Failure) => void {
  return (failure) => {
    for (const observer of observers) {
      try {
        observer.failed(failure);
      } catch (error) {
        logger.warn({ err: error, place: failure.place }, "a failure observer failed");
      }
    }
  };
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
    readonly tokens: RunningTokens;
    readonly state: PartsState;
  },
): Services {
  const { clock, fillRandom, logger, meter, secrets, outbound } = options;
  const server = { ...options.server, ownPaths: () => made.state.ownPaths };
  const { hub, log, changes } = made.spine;
  const { makeId, access } = made;
  const { tokens } = made.tokens;
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
    tokens,
    outbound,
    server,
  };
}

function registryOf({ plugins, access, services }: Parts, http: PorticoHttp): RegistryFace {
  return createRegistry({
    plugins,
    kernelErrors,
    kernelEvents,
    kernelPermissions,
    server: services.server,
    operations: http.operations(),
    challenges: access.challenges,
  });
}

async function metricsOf({
  meter,
}: Pick<AssembleOptions, "meter">): Promise<{ contentType: string; text: string }> {
  return { contentType: meter.contentType, text: await meter.metricsText() };
}

function probesOf({ options, exchange, services, state }: Parts): Probes {
  return createProbes({
    driver: options.driver,
    clock: options.clock,
    version: services.server.version,
    isStarted: () => state.isStarted,
    checks: contributionsTo(exchange, Checks).map(({ value, ctx }) => ({ check: value, ctx })),
    metrics: () => metricsOf(options),
  });
}

function httpOf(parts: Parts, probes: Probes): PorticoHttp {
  const { options, plugins, exchange, access, services, spine } = parts;
  const { clock, meter } = options;
  const { server } = services;
  const [limiter] = valuesAt(exchange, Limiters);
  return createHttp({
    operations: plugins.flatMap((plugin) =>
      (plugin.operations ?? []).map((operation) => ({
        operation,
        plugin: plugin.id,
        ctx: contextIn(parts, plugin.id),
      })),
    ),
    pages: [
      ...contributionsTo(exchange, Pages).map(({ value, ctx }) => ({ page: value, ctx })),
      ...keySetPages(exchange),
    ],
    intakes: contributionsTo(exchange, Intakes).map(({ value, ctx }) => ({ intake: value, ctx })),
    mounts: contributionsTo(exchange, Mounts).map(({ value, ctx }) => ({ mount: value, ctx })),
    fronts: valuesAt(exchange, Fronts),
    observers: valuesAt(exchange, RequestObservers),
    access,
    hub: spine.hub,
    secrets: options.secrets,
    kernelErrors,
    ...(limiter === undefined ? {} : { limiter }),
    probes,
    clock,
    makeId: services.makeId,
    fillRandom: options.fillRandom,
    logger: options.logger,
    meter,
    server,
    config: options.http,
  });
}
