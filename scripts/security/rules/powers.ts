import type { Finding } from "../exceptions.ts";
import type { Placed, Source } from "../sources.ts";
import { dottedName, findingAt, liesIn, nameOf } from "./place.ts";

/** Something that is dangerous anywhere but where it is the room's very work. */
interface Power {
  readonly rule: string;
  readonly wrong: string;
  readonly places: readonly string[];
  readonly isUsed: (placed: Placed) => boolean;
}

const POWERS: readonly Power[] = [
  {
    rule: "process",
    wrong: "starts processes",
    // The launcher looks for the Node that the package asks for, and starts itself with it; so does `portico dev` with
    // each server that it supervises.
    places: ["cli/main.ts", "cli/dev/server-process.ts"],
    isUsed: (placed) => takes(placed, /^(node:)?(child_process|cluster)$/),
  },
  {
    rule: "code",
    wrong: "runs text as code",
    places: [],
    isUsed: (placed) => takes(placed, /^(node:)?(vm|repl|inspector)$/) || evaluates(placed),
  },
  {
    rule: "chance",
    wrong: "can be foretold; use fillRandom or the context's own",
    places: [],
    isUsed: ({ node }) => dottedName(node) === "Math.random",
  },
  {
    rule: "environment",
    wrong: "reads the environment past the configuration",
    // The drivers read the test-only pause of the kill loop.
    places: ["cli/", "kernel/config/", "drivers/sqlite/open.ts", "drivers/postgres/open.ts"],
    isUsed: ({ node }) => dottedName(node) === "process.env",
  },
];

/** Powers that are used where they have no place. */
export function lookAtPowers(source: Source): Finding[] {
  return POWERS.filter(({ places }) => !liesIn(source, places)).flatMap((power) =>
    source.nodes
      .filter((placed) => power.isUsed(placed))
      .map(({ node }) =>
        findingAt(source, node, [power.rule, `'${source.textOf(node)}' ${power.wrong}`]),
      ),
  );
}

function takes({ node }: Placed, modules: RegExp): boolean {
  if (node.type === "ImportDeclaration") {
    return node.importKind !== "type" && modules.test(node.source.value);
  }
  if (node.type === "ImportExpression") return modules.test(nameOf(node.source) ?? "");
  if (node.type !== "CallExpression") return false;
  const callee = nameOf(node.callee);
  const [first] = node.arguments;
  const isRequire = callee === "require" || callee === "getBuiltinModule";
  return isRequire && first !== undefined && modules.test(nameOf(first) ?? "");
}

function evaluates({ node }: Placed): boolean {
  if (node.type !== "CallExpression" && node.type !== "NewExpression") return false;
  const name = dottedName(node.callee)?.replace("globalThis.", "");
  if (name === "eval" || name === "Function") return true;
  const isTimer = name === "setTimeout" || name === "setInterval";
  const first = node.arguments[0]?.type;
  return isTimer && (first === "Literal" || first === "TemplateLiteral");
}
