import {
  add,
  anonymous,
  Authenticators,
  definePlugin,
  type AnyPlugin,
  type Caller,
} from "../contract/index.ts";

/** A test's way to be anybody: a plugin with an authenticator that believes what the test said. */
export interface TestCallers {
  readonly plugin: AnyPlugin;
  /** Headers that make a request this caller's. What is left out is that of a member of `default` with no permission. */
  headers(caller: Partial<Caller>): Readonly<Record<string, string>>;
}

const HEADER = "x-test-caller";

/** Makes the callers of one test app. */
export function testCallers(): TestCallers {
  const callers = new Map<string, Caller>();
  const plugin = definePlugin({
    id: "callers",
    version: "1.0.0",
    engine: "^1",
    contributes: [
      add(Authenticators, {
        id: "callers",
        challenge: "Test",
        find: ({ headers }) => {
          const value = headers[HEADER];
          return typeof value === "string" ? value : undefined;
        },
        identify: (credential) => callers.get(credential) ?? anonymous,
      }),
    ],
  });
  return {
    plugin,
    headers: (caller) => {
      const whole: Caller = { ...anonymous, kind: "user", subject: "user_test", ...caller };
      const name = JSON.stringify(whole);
      callers.set(name, whole);
      return { [HEADER]: name };
    },
  };
}
