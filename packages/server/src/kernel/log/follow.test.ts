import { expect, test } from "vitest";
import type { LogEvent } from "../contract/index.ts";
import { followLog } from "./follow.ts";

/** A log that tells its one listener what a test says. */
function fakeLog() {
  let listen: ((event: LogEvent) => void) | undefined;
  const asked: string[][] = [];
  return {
    asked,
    isFollowed: () => listen !== undefined,
    tell: (id: string, organization = "acme") => listen?.({ id, organization } as LogEvent),
    tail: (types: readonly string[], told: (event: LogEvent) => void) => {
      asked.push([...types]);
      listen = told;
      return () => {
        listen = undefined;
      };
    },
  };
}

const query = { organization: "acme", types: ["a.*"] };

test("gives events of one organization in their order, and ends with its signal", async () => {
  const log = fakeLog();
  const ended = new AbortController();
  const events = followLog(log, query, ended.signal);
  const first = events.next();
  log.tell("other", "stranger");
  log.tell("one");
  log.tell("two");
  expect((await first).value).toMatchObject({ event: { id: "one" }, dropped: 0 });
  expect((await events.next()).value).toMatchObject({ event: { id: "two" }, dropped: 0 });
  const last = events.next();
  ended.abort();
  expect(await last).toEqual({ done: true, value: undefined });
  expect(log.isFollowed()).toBe(false);
  expect(log.asked).toEqual([["a.*"]]);
});

test("holds a thousand events for whoever does not read, and tells how many were lost before the next", async () => {
  const log = fakeLog();
  const events = followLog(log, query, new AbortController().signal);
  const first = events.next();
  for (let index = 0; index <= 1_005; index += 1) log.tell(String(index));
  // What came while nobody had read yet: the six oldest are gone.
  expect((await first).value).toMatchObject({ event: { id: "6" }, dropped: 6 });
  expect((await events.next()).value).toMatchObject({ event: { id: "7" }, dropped: 0 });
});

test("stops listening when its reader leaves", async () => {
  const log = fakeLog();
  const events = followLog(log, query, new AbortController().signal);
  const first = events.next();
  log.tell("one");
  await first;
  await events.return(undefined);
  expect(log.isFollowed()).toBe(false);
});

test("gives nothing after a signal that came before", async () => {
  const log = fakeLog();
  const events = followLog(log, query, AbortSignal.abort());
  expect(await events.next()).toEqual({ done: true, value: undefined });
});
