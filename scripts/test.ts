// Unit, door and conformance tests, on both databases: `npm test`, or `npm test -- path/of/a/file`.
import { runVitest } from "./vitest.ts";

process.exitCode = await runVitest(process.argv.slice(2));
