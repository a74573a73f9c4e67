import { Type } from "typebox";
import { expect, test } from "vitest";
import { operation } from "../contract/index.ts";
import { openRecords } from "./records.ts";
import { testServer } from "./test-server.fixture.ts";

const Notes = Type.Object({ notes: Type.Record(Type.String(), Type.String()) });
const echo = operation({
  id: "notes.echo",
  method: "POST",
  path: "/echo",
  summary: "Answer the same",
  access: "public",
  mode: "read",
  body: Notes,
  replies: { 200: Notes },
  example: { body: { notes: {} } },
  handle: ({ body }) => body,
});

test.each(["\n", "a\r\nb", "\u2028", "\u2029 of a record"])(
  "a member named %j is checked and answered as any other",
  async (name) => {
    await using server = await testServer({ operations: [echo] });
    const send = (value: unknown) =>
      server.send({ method: "POST", path: "/api/v1/echo", body: { notes: { [name]: value } } });
    expect((await send("kept")).json()).toEqual({ notes: { [name]: "kept" } });
    expect((await send(1)).status).toBe(422);
  },
);

test("patterns of a plugin's own stay as they are", () => {
  const schema = Type.Record(Type.String({ pattern: "^x-" }), Type.String());
  expect(openRecords(schema)).toEqual({ ...schema });
});
