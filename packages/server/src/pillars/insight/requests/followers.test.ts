import { expect, it } from "vitest";
import { Followers } from "./followers.ts";
import type { Followed } from "./followers.ts";
import { answered } from "./answered.fixture.ts";
import { redactor } from "./redact.ts";
import { rowOf } from "./row-of.ts";

const redact = redactor({ headers: [], fields: [] });
const row = (id: string) => rowOf(answered({ id }), "all", redact);

it("gives a follower what fits, in order, and nothing of before", async () => {
  const followers = new Followers();
  followers.show(row("before"));
  const following = followers.follow({ id: "b" }, new AbortController().signal);
  const first = following.next();
  followers.show(row("a"));
  followers.show(row("b"));
  expect(await first).toMatchObject({ value: { rows: [{ id: "b" }], dropped: 0 } });
  await following.return(undefined);
});

it("keeps a thousand rows for who does not read, drops the oldest, and says how many", async () => {
  const followers = new Followers();
  const following = followers.follow({}, new AbortController().signal);
  const first = following.next();
  for (let n = 0; n < 1_250; n += 1) followers.show(row(`r${n}`));
  const { value } = await first;
  const { rows, dropped } = value as Followed;
  expect([rows.length, dropped, rows[0]?.id]).toStrictEqual([1_000, 250, "r250"]);
  await following.return(undefined);
});

it("ends with the signal, also while nothing comes", async () => {
  const followers = new Followers();
  const gone = new AbortController();
  const first = followers.follow({}, gone.signal).next();
  gone.abort();
  expect(await first).toStrictEqual({ done: true, value: undefined });
});
