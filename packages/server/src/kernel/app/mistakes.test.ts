import { Type } from "typebox";
import { expect, test } from "vitest";
import { problem } from "../../base/index.ts";
import { add, definePlugin, operation, point, type Operation } from "../contract/index.ts";
import { findMistakes, type World } from "./mistakes.ts";

const Known = point<string>("kernel.known@1");

function world(plugins: World["plugins"]): World {
  return {
    plugins,
    kernelPoints: [Known],
    kernelErrors: new Set(["request.invalid"]),
    kernelPermissions: new Set(["audit:read"]),
    kernelEvents: ["job.failed"],
    engineMajor: 1,
  };
}

function read(id: string, path: string, more: Partial<Operation> = {}): Operation {
  const made = operation({
    id,
    method: "GET",
    path,
    summary: "Read",
    access: "caller",
    mode: "read",
    replies: { 200: Type.Object({}) },
    example: {},
    handle: () => ({}),
  });
  return { ...made, ...more };
}

test("every mistake is found in one go", () => {
  const notes = definePlugin({
    id: "notes",
    version: "1.0.0",
    engine: "^2",
    needs: ["people"],
    permissions: { "notes:read": "Read notes" },
    errors: { "other.tooLong": problem(422, "Too long.") },
    tables: { things: "organization" },
    operations: [
      read("notes.get", "/notes/{id}"),
      read("notes.get", "/notes/{other}"),
      read("notes.list", "/notes", { access: "notes:raed", errors: ["notes.unknown"] }),
      read("notes.none", "/none", { access: "", replies: { 404: Type.Object({}) } }),
    ],
    contributes: [add(point("nobody.knows@1"), "x")],
  });
  const again = definePlugin({ id: "notes", version: "1.0.0", engine: "^1" });

  expect(
    findMistakes(world([notes, again])).map(({ path, problem: text }) => `${path}: ${text}`),
  ).toEqual([
    "notes: two plugins have the id 'notes'",
    "notes.engine: it asks for kernel '^2', this one is 1",
    "notes.needs: it needs the plugin 'people', which is not installed",
    "notes.tables: 'things' does not start with 'notes_'",
    "notes.errors: 'other.tooLong' does not start with 'notes.'",
    "notes.get: two operations have the id 'notes.get'",
    "GET /notes/{}: two operations answer GET /notes/{}: notes.get, notes.get",
    "notes.list.access: no plugin declares the permission 'notes:raed'",
    "notes.none.access: it does not say who may call it",
    "notes.none.replies: it declares no success status",
    "notes.list.errors: the code 'notes.unknown' is in no error table",
    "notes.contributes: no plugin declares the point 'nobody.knows@1'",
    "notes.none.replies.404: refusals are raised as problems, not declared as answers",
  ]);
});

test("a ring of needs is named at each plugin in it", () => {
  const ring = ["a", "b", "c"].map((id, index, ids) =>
    definePlugin({ id, version: "1.0.0", engine: "^1", needs: [ids[(index + 1) % 3] ?? ""] }),
  );
  expect(findMistakes(world(ring)).map(({ path }) => path)).toEqual([
    "a.needs",
    "b.needs",
    "c.needs",
  ]);
});

test("a point one plugin declares may be filled by another", () => {
  const opens = definePlugin({
    id: "opens",
    version: "1.0.0",
    engine: "^1",
    points: [point("opens.door@1")],
  });
  const fills = definePlugin({
    id: "fills",
    version: "1.0.0",
    engine: "^1",
    contributes: [add(point("opens.door@1"), "x"), add(Known, "y")],
  });
  expect(findMistakes(world([opens, fills]))).toEqual([]);
});

test("a schedule that could not tick, and a job nobody could be let to call, are found before the start", () => {
  const plain = { input: Type.Object({}), run: () => Promise.resolve() };
  const plugin = definePlugin({
    id: "notes",
    version: "1.0.0",
    engine: "^1",
    events: { "job.failed": { description: "Not ours.", data: Type.Object({}) } },
    jobs: { tidy: { ...plain, callable: "notes:tidy" } },
    schedules: {
      good: { cron: "0 8 * * *", zone: "Europe/Berlin", job: "tidy", input: {} },
      never: { cron: "0 0 30 2 *", job: "tidy", input: {} },
      nowhere: { cron: "@daily", zone: "Mars/Base", jitter: "soon", job: "tidy", input: {} },
      unknown: { cron: "@daily", job: "none" },
      wrong: { cron: "@daily", job: "tidy", input: "text" },
    },
  });
  const paths = findMistakes(world([plugin])).map(({ path }) => path);
  expect(paths.toSorted()).toEqual([
    "job.failed",
    "notes.jobs.tidy.callable",
    "notes.schedules.never.cron",
    "notes.schedules.nowhere.cron",
    "notes.schedules.nowhere.jitter",
    "notes.schedules.unknown.job",
    "notes.schedules.wrong.input",
  ]);
});
