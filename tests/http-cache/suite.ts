// The public list of tests for HTTP caches (httpwg, https://cache-tests.fyi), from its npm package. Only the package's own
// files are taken: what it depends on, among it the whole of npm 6, is not installed and not needed here.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const VERSION = "0.4.5";
const SHA_512 =
  "DjuwN9nUZXLTW+wav1LRESCZNVxl8SshwOy4z1pxuWbWt5/ay6sM9QQ1lebBaDO6P1IMBoK6mdf+PuVP/QNL8A==";
const HELD = fileURLToPath(new URL("../../node_modules/.cache/http-cache-tests", import.meta.url));

/** One test of the list. */
export interface CacheTest {
  readonly id: string;
  readonly name: string;
  /** `required` when left out. */
  readonly kind?: "required" | "optimal" | "check";
  readonly browser_only?: boolean;
}

/** How a test ended: true, or what was wrong. */
export type CacheTestResult = true | readonly [kind: string, message: string];

/** The suite, ready to run. */
export interface Suite {
  readonly folder: string;
  readonly version: string;
  readonly tests: readonly CacheTest[];
  run(fetch: (url: string, init: object) => Promise<unknown>, base: string): Promise<void>;
  results(): Readonly<Record<string, CacheTestResult>>;
  /** What the package brings of other caches, shared ones only. */
  readonly others: readonly {
    readonly name: string;
    readonly results: Readonly<Record<string, CacheTestResult>>;
  }[];
}

const OTHERS = [
  { name: "Apache httpd", file: "apache.json" },
  { name: "nginx", file: "nginx.json" },
  { name: "Squid", file: "squid.json" },
  { name: "Traffic Server", file: "trafficserver.json" },
  { name: "Varnish", file: "varnish.json" },
];

/** Fetches the package once into `node_modules/.cache`, and refuses one that is not the very file we know. */
export async function openSuite(): Promise<Suite> {
  const folder = join(HELD, VERSION);
  if (!existsSync(folder)) fetchPackage(folder);
  const load = async (path: string): Promise<Record<string, unknown>> =>
    (await import(pathToFileURL(join(folder, path)).href)) as Record<string, unknown>;
  type Group = { readonly tests: readonly CacheTest[] };
  const groups = (await load("tests/index.mjs"))["default"] as Group[];
  groups.push((await load("tests/surrogate-control.mjs"))["default"] as Group);
  const runner = (await load("client/runner.mjs")) as unknown as {
    runTests(groups: unknown, fetch: unknown, isBrowser: boolean, base: string): Promise<void>;
    getResults(): Record<string, CacheTestResult>;
  };
  return {
    folder,
    version: VERSION,
    tests: groups.flatMap(({ tests }) => tests).filter((test) => test.browser_only !== true),
    run: (fetch, base) => runner.runTests(groups, fetch, false, base),
    results: () => runner.getResults(),
    others: OTHERS.map(({ name, file }) => {
      const text = readFileSync(join(folder, "results", file), "utf8");
      return { name, results: JSON.parse(text) as Record<string, CacheTestResult> };
    }),
  };
}

function fetchPackage(folder: string): void {
  const temp = mkdtempSync(join(tmpdir(), "http-cache-tests-"));
  const name = `http-cache-tests@${VERSION}`;
  execFileSync("npm", ["pack", name, "--pack-destination", temp], { stdio: "ignore" });
  const file = join(temp, `http-cache-tests-${VERSION}.tgz`);
  const sum = createHash("sha512").update(readFileSync(file)).digest("base64");
  if (sum !== SHA_512) throw new Error(`${name} is not the package we know: sha512 ${sum}`);
  execFileSync("tar", ["xzf", file, "-C", temp]);
  mkdirSync(HELD, { recursive: true });
  renameSync(join(temp, "package"), folder);
}
