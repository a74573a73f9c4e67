// Unit, door and conformance tests, on both databases: `npm test`, or `npm test -- path/of/a/file`. A run of all of them
// also counts which lines and branches of the operations it reaches, for `npm run check` to judge.
import { scratch } from "./scratch.ts";
import { runVitest } from "./vitest.ts";

// There is no Redis driver yet, so there is nothing that a Redis could be asked.
const absent = ["redis"];
const given = process.argv.slice(2);
process.exitCode = await runVitest(
  given.length === 0 ? ["--coverage.enabled"] : given,
  absent,
  scratch(),
);
