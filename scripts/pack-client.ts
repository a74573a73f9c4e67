// Stages dist/client and makes the tarball of @portico/client: `npm run pack:client`. It is compiled without the types of
// Node, so that nothing in it needs more than every platform has.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.ts";
import { begin, packStaged, readManifest, stageManifest, step } from "./staging.ts";

const client = join(root, "packages/client");
const staged = join(root, "dist/client");

const manifest = readManifest(client);
begin(staged);
await step("tsc", ["tsc", "-p", "tsconfig.client.json"]);
stageManifest(manifest, staged);
cpSync(join(client, "README.md"), join(staged, "README.md"));
cpSync(join(root, "LICENSE"), join(staged, "LICENSE"));
console.log(await packStaged(manifest, staged));
