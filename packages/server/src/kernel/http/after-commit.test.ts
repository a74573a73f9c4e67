// What follows a commit comes before the answer, and can no longer refuse it.
import { expect, test } from "vitest";
import { createNote, countNotes, testServer } from "./test-server.fixture.ts";

const request = { path: "/api/v1/notes", method: "POST", headers: { "x-test": "ann notes:write" } };

test("it is awaited after the commit, once, and not for what was refused", async () => {
  const seen: number[] = [];
  const following = {
    ...createNote,
    afterCommit: async () => {
      seen.push(await countNotes(server));
    },
  };
  await using server = await testServer({ operations: [following] });
  expect((await server.send({ ...request, body: { text: "milk" } })).status).toBe(201);
  expect(seen).toEqual([1]);
  expect((await server.send({ ...request, body: { text: "x".repeat(101) } })).status).toBe(422);
  expect(seen).toEqual([1]);
});

test("its failure is logged and the committed change answered", async () => {
  const failing = { ...createNote, afterCommit: () => Promise.reject(new TypeError("no table")) };
  await using server = await testServer({ operations: [failing] });
  expect((await server.send({ ...request, body: { text: "milk" } })).status).toBe(201);
  expect(await countNotes(server)).toBe(1);
  expect(server.logged.map(({ message }) => message)).toEqual([
    "a committed change was not followed",
  ]);
});
