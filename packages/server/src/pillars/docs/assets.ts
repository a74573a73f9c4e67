import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "portico/kernel";
import { keep, replyWith, type Kept } from "./compressed.ts";
import { SWAGGER_START } from "./swagger-start.ts";

const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/** A file that the viewers in the browser need. */
interface Asset {
  readonly type: string;
  /** The installed package it is in, and where in it: beside the package's entry. */
  readonly from: readonly [entry: string, ...path: string[]] | string;
}

/** Every file below `/docs/assets/`. `npm run pack` puts those of packages beside the compiled pillar. */
const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["scalar.js", { type: SCRIPT, from: ["@scalar/api-reference", "browser", "standalone.js"] }],
  ["swagger-ui.js", { type: SCRIPT, from: ["swagger-ui-dist", "swagger-ui-bundle.js"] }],
  [
    "swagger-ui-layout.js",
    { type: SCRIPT, from: ["swagger-ui-dist", "swagger-ui-standalone-preset.js"] },
  ],
  ["swagger-ui.css", { type: STYLE, from: ["swagger-ui-dist", "swagger-ui.css"] }],
  ["swagger-start.js", { type: SCRIPT, from: SWAGGER_START }],
]);

const loading = new Map<string, Promise<Kept | undefined>>();

/** `/docs/assets/{file}`: read from disk when the first reader comes. */
export const assetsPage: Page = {
  path: "/docs/assets/{file}",
  serve: async (request) => {
    const { file = "" } = request.path;
    const asset = ASSETS.get(file);
    const kept = asset === undefined ? undefined : await load(file, asset);
    if (asset === undefined || kept === undefined) {
      return {
        status: 404,
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: "This file is not installed; /openapi.json has the same content.\n",
      };
    }
    const headers = { "content-type": asset.type, "cache-control": "public, max-age=3600" };
    return await replyWith(kept, request, headers);
  },
};

function load(file: string, { from }: Asset): Promise<Kept | undefined> {
  const known = loading.get(file);
  if (known !== undefined) return known;
  const loaded = typeof from === "string" ? keep(from) : find(file, from);
  loading.set(file, loaded);
  return loaded;
}

async function find(
  file: string,
  [entry, ...path]: readonly [string, ...string[]],
): Promise<Kept | undefined> {
  const packed = fileURLToPath(new URL(`./assets/${file}`, import.meta.url));
  const bytes = (await read(packed)) ?? (await read(installed(entry, path)));
  return bytes === undefined ? undefined : await keep(bytes);
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

function installed(entry: string, path: readonly string[]): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(entry)), ...path);
  } catch {
    // A packed server without the file beside it; the page says so.
    return undefined;
  }
}
