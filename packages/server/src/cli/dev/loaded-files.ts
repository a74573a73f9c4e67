import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** Where Portico's own modules lie: what changes there is not a user's change. */
const OWN = new URL("../../", import.meta.url).href;

/**
 * From now on notes every file that is imported, but Portico's own and what is installed. The returned function gives
 * them.
 */
export function noteLoadedFiles(): () => readonly string[] {
  const files = new Set<string>();
  registerHooks({
    load: (url, context, next) => {
      const isTheirs = !url.startsWith(OWN) && !url.includes("/node_modules/");
      if (url.startsWith("file:") && isTheirs) files.add(fileURLToPath(url.split("?")[0] ?? url));
      return next(url, context);
    },
  });
  return () => [...files];
}
