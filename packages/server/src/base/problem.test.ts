import { expect, test } from "vitest";
import { isProblem, problem, raiser } from "./index.ts";

const table = { "notes.tooLong": problem(422, "Longer than {max} characters, got {got}.") };

test("the public sentence is filled from the params, unknown names stay as written", () => {
  const raised = raiser(table)("notes.tooLong", { params: { max: 10 } });
  expect(raised.message).toBe("Longer than 10 characters, got {got}.");
  expect(raised.status).toBe(422);
});

test("a problem made by another copy of the module is recognised", () => {
  expect(isProblem({ brand: "portico.problem@1", code: "x.y", status: 400 })).toBe(true);
  expect(isProblem(new Error("x"))).toBe(false);
  expect(isProblem(null)).toBe(false);
});
