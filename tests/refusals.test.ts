// Every refusal that follows from an operation's declaration is provoked: without a credential 401, without the permission
// 403, an unknown id 404, a malformed body 400, an invalid one 422, over a limit 429, what is taken 409.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { root } from "./architecture/plan.ts";
import { createExamplesApp } from "./examples/app.ts";
import { derivedRefusals, type DerivedRefusal } from "./examples/refusals.ts";
import { createExamples, isInstanceWide, touchesSignIn } from "./examples/requests.ts";

/** For `npm run check`, which judges the last run. */
function keep(counts: { readonly derived: number; readonly exercised: number }): void {
  const folder = join(root, "dist/coverage");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "refusals.json"), JSON.stringify(counts));
}

/** Of what is derived, the share that must be exercised. */
const SHARE_MIN = 0.9;

const operations = builtIns().flatMap((plugin) => plugin.operations ?? []);
const derived = operations.flatMap(derivedRefusals);
const provoked = new Set<DerivedRefusal>();
const apps = new Map<string, Promise<TestApp>>();
afterAll(async () => {
  for (const app of apps.values()) await (await app).stop();
});

/** What the configuration says can be shown over the API and not changed: refusals of that name it. */
const CONFIGURED = {
  upstreams: [{ id: "configured", targets: [{ url: "http://127.0.0.1:3000" }] }],
  apis: [
    {
      id: "configured",
      basePath: "/configured",
      upstream: "configured",
      versions: [{ id: "v1" }],
      routes: [{ path: "/read", name: "read" }],
    },
  ],
};

/** One for all organizations; what is there once in an installation has one of its own, as often as it is needed. */
function appOf({ operation, because, isFresh = false }: DerivedRefusal): Promise<TestApp> {
  const own = isFresh ? `${operation.id} ${because}` : operation.id;
  // What is named by its caller is there from the second example on.
  const isNamed = isFresh && operation.errors.some((code) => code.endsWith("Taken"));
  const isAlone = isInstanceWide(operation) || touchesSignIn(operation) || isNamed;
  const name = isAlone ? own : "shared";
  const settings = isInstanceWide(operation) ? { gateway: CONFIGURED } : {};
  const app = apps.get(name) ?? createExamplesApp(settings);
  apps.set(name, app);
  return app;
}

test.each(
  derived
    .filter(({ provoke }) => provoke !== undefined)
    .map((one) => [one.operation.id, one.status, one.because, one] as const),
)("%s: %i for %s", async (_id, status, _because, one) => {
  const app = await appOf(one);
  const sent = await one.provoke?.({ app, examples: createExamples(app, operations) });
  expect(sent?.json).toMatchObject({ status, code: expect.stringMatching(/^\w+\.\w+$/) });
  provoked.add(one);
});

test("nine of ten refusals that are derived are exercised", () => {
  const byStatus = Map.groupBy(derived, ({ status }) => status);
  const counts = [...byStatus]
    .toSorted(([left], [right]) => left - right)
    .map(
      ([status, of]) => `${status}: ${of.filter((one) => provoked.has(one)).length}/${of.length}`,
    );
  const share = provoked.size / derived.length;
  console.log(
    `Refusals derived of ${operations.length} operations: ${provoked.size} of ${derived.length} ` +
      `exercised (${(share * 100).toFixed(1)} %): ${counts.join(", ")}`,
  );
  keep({ derived: derived.length, exercised: provoked.size });
  const missed = derived.filter((one) => !provoked.has(one));
  const named = missed.map(
    ({ operation, status, because }) => `${operation.id} ${status} ${because}`,
  );
  expect(share, `not exercised: ${named.join("; ")}`).toBeGreaterThanOrEqual(SHARE_MIN);
});
