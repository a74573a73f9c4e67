// Real processes: packaging by tarball, chaos, strace. `npm run test:system`
import { runVitest } from "./vitest.ts";

process.exitCode = await runVitest([
  "--config",
  "tests/system/vitest.config.ts",
  ...process.argv.slice(2),
]);
