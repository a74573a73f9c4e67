import { printConfig } from "../../kernel/config/index.ts";
import { readConfiguration } from "../configuration.ts";
import type { PlatformDoor } from "../platform-door.ts";
import { table } from "../terminal.ts";
import type { Globals, Output } from "../terminal.ts";

/** `portico config print [--sources]`: every setting as it will be used, secrets hidden by type. */
export async function configPrint(
  platform: PlatformDoor,
  globals: Globals,
  options: { readonly sources?: boolean },
): Promise<Output> {
  const { plugins } = platform;
  const loaded = await readConfiguration(globals, { mode: "production", plugins });
  const settings = printConfig(loaded, plugins);
  const isShown = options.sources === true;
  const rows = settings.map(({ path, value, source }) => {
    const text = JSON.stringify(value) ?? "";
    return isShown ? [path, text, source] : [path, text];
  });
  const plain = settings.map(({ path, value }) => ({ path, value }));
  return {
    data: { file: loaded.file ?? null, settings: isShown ? settings : plain },
    text: table(rows),
  };
}
