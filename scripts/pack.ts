// Stages dist/package (compiled code, declarations, rewritten exports and bin) and makes a tarball: `npm run pack`.
// The bill of materials, dist/sbom.cdx.json, lies beside it.
// npm applies no publishConfig.exports, and Node strips no types under node_modules: hence a staged folder.
import { cpSync, globSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./run.ts";
import { writeSbom } from "./security/sbom.ts";
import { begin, packStaged, readManifest, stageManifest, step } from "./staging.ts";

const server = join(root, "packages/server");
const staged = join(root, "dist/package");

/** What the code reads beside itself: everything in the source folder that is not TypeScript. */
function stageAssets(): void {
  for (const path of globSync("**/*.*", { cwd: join(server, "src") })) {
    if (path.endsWith(".ts")) continue;
    const to = join(staged, "dist", path);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(server, "src", path), to);
  }
  for (const name of ["README.md", "LICENSE", "CHANGELOG.md"]) {
    cpSync(join(root, name), join(staged, name));
  }
}

/**
 * The viewers of the API reference, served from the operator's own origin: nothing is fetched from elsewhere. Scalar's
 * package carries no licence file; its siblings of the same repository do.
 */
const VIEWERS: Readonly<Record<string, string>> = {
  "scalar.js": "@scalar/api-reference/dist/browser/standalone.js",
  "scalar.LICENSE": "@scalar/components/LICENSE",
  "swagger-ui.js": "swagger-ui-dist/swagger-ui-bundle.js",
  "swagger-ui-layout.js": "swagger-ui-dist/swagger-ui-standalone-preset.js",
  "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
  "swagger-ui.LICENSE": "swagger-ui-dist/LICENSE",
  "swagger-ui.NOTICE": "swagger-ui-dist/NOTICE",
};

function stageViewers(): void {
  const to = join(staged, "dist/pillars/docs/assets");
  mkdirSync(to, { recursive: true });
  for (const [name, from] of Object.entries(VIEWERS)) {
    cpSync(join(root, "node_modules", from), join(to, name));
  }
}

const manifest = readManifest(server);
begin(staged);
await step("tsc", ["tsc", "-p", "tsconfig.build.json"]);
stageManifest(manifest, staged);
stageAssets();
stageViewers();
const tarball = await packStaged(manifest, staged);
writeSbom();
console.log(tarball);
