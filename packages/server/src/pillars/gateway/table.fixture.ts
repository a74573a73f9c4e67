import { createTestApp } from "portico/testing";
import type { TestApp, TestClient, TestAppOptions } from "portico/testing";
import { Gateway } from "./capability.ts";
import type { GatewayFace } from "./capability.ts";
import { gateway } from "./plugin.ts";

/** A gateway under test, spoken to by its operator. */
export interface TableApp extends AsyncDisposable {
  readonly app: TestApp;
  readonly operator: TestClient;
  /** Where it listens. */
  readonly url: string;
  readonly face: GatewayFace;
}

const OPERATOR = { subject: "user_operator", instancePermissions: ["gateway:*"] };

/** Starts a gateway over settings, listening; further options are those of the test app. */
export async function tableApp(
  settings: Readonly<Record<string, unknown>> = {},
  options: Partial<TestAppOptions> = {},
): Promise<TableApp> {
  const app = await createTestApp({
    plugins: [gateway()],
    settings: { gateway: settings },
    ...options,
  });
  const { url } = await app.listen("127.0.0.1", 0);
  return {
    app,
    operator: app.as(OPERATOR),
    url,
    face: app.context("gateway").get(Gateway),
    [Symbol.asyncDispose]: () => app.stop(1_000),
  };
}

/** The settings as the kernel hands them over, for `reload`. */
export function settingsOf({ app }: Pick<TableApp, "app">): Record<string, unknown> {
  return structuredClone(app.context("gateway").settings) as Record<string, unknown>;
}

/** The same database for a server of its own, which must not close it. */
export function sharing<TDriver extends { close(): Promise<void> }>(driver: TDriver): TDriver {
  return new Proxy(driver, {
    get: (target, name) => {
      if (name === "close") return () => Promise.resolve();
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
