import { resolveConfig, mistakeText, type ConfigInput } from "./kernel/config/index.ts";
import { builtIns, openServer, type Server } from "./platform.ts";

/**
 * Makes a server inside another process: no socket unless `serve` is called, operations are functions (`call`), requests
 * are answered in memory (`inject`). `data: ":memory:"` keeps everything in memory. Throws a TypeError that lists every
 * mistake of the configuration.
 *
 * @example
 * const portico = await createPortico({ data: ":memory:" });
 * await portico.start();
 * const health = await portico.inject({ url: "/api/v1/health" });
 * await portico.stop();
 */
export async function createPortico(config: ConfigInput = {}): Promise<Server> {
  const resolved = resolveConfig({
    content: config,
    given: [],
    plugins: builtIns(),
    mode: "production",
    cwd: process.cwd(),
  });
  if (!resolved.ok) throw new TypeError(resolved.reason.map(mistakeText).join("\n"));
  return openServer(resolved.value);
}
