import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Where `npm run pack` puts the script, beside the compiled pillar. */
const PACKED = fileURLToPath(new URL("./assets/scalar.js", import.meta.url));

let loading: Promise<Uint8Array | undefined> | undefined;

/** Scalar's standalone script, gzipped: from beside the package, or from `node_modules` when running from source. */
export function loadScalar(): Promise<Uint8Array | undefined> {
  return (loading ??= load());
}

async function load(): Promise<Uint8Array | undefined> {
  const script = (await read(PACKED)) ?? (await read(installed()));
  // Kept compressed: 1 MB instead of 4 for as long as the server runs.
  return script === undefined ? undefined : await promisify(gzip)(script);
}

async function read(file: string | undefined): Promise<Uint8Array | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file);
  } catch {
    // Not in this place: the caller looks in the next one.
    return undefined;
  }
}

function installed(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve("@scalar/api-reference");
    return join(dirname(entry), "browser", "standalone.js");
  } catch {
    // A packed server without the script beside it; the page says so.
    return undefined;
  }
}
