import { describeStore } from "portico/testing";
import { describe, expect, it } from "vitest";
import { bench, code } from "./session-app.fixture.ts";
import type { Bench, Reply, Tokens } from "./session-app.fixture.ts";
import { isSealed, makeRefreshText, readRefreshText } from "./session-text.ts";
import { fillRandom } from "portico/kernel";

/** Rounds of five requests at once with one token. */
const ROUNDS = 100;

async function race(here: Bench, token: string, apps: readonly Bench["app"][]): Promise<Reply[]> {
  return await Promise.all(
    Array.from({ length: 5 }, (_, index) => here.refresh(token, apps[index % apps.length])),
  );
}

/** One of the replies is a success, all others told that they came late; gives what the winner was answered. */
function winnerOf(replies: readonly Reply[]): Tokens {
  const won = replies.filter(({ status }) => status === 200);
  const lost = replies.filter(({ status }) => status !== 200);
  expect(won).toHaveLength(1);
  expect(lost.map((reply) => [reply.status, code(reply)])).toEqual(
    lost.map(() => [409, "identity.refreshRaced"]),
  );
  return won[0]?.json() as Tokens;
}

describeStore("a refresh token", (_open, kind) => {
  it("gives new tokens of the same session, and is good for that once", async () => {
    await using here = await bench(kind);
    const first = await here.signIn();
    await here.clock.advance(60_000);
    const reply = await here.refresh(first.refreshToken);
    const second = reply.json() as Tokens;
    expect([reply.status, second]).toMatchObject([
      200,
      { sessionId: first.sessionId, expiresIn: 600, user: { id: "user_ada" } },
    ]);
    expect(second.accessToken).not.toBe(first.accessToken);
    expect((await here.ask(second.accessToken)).status).toBe(200);
    const third = await here.refresh(second.refreshToken);
    expect(third.status).toBe(200);
  });

  it(
    `of five requests at once is taken from exactly one, ${ROUNDS} times over, and the winner lives`,
    { timeout: 60_000 },
    async () => {
      await using here = await bench(kind);
      let tokens = await here.signIn();
      for (let round = 0; round < ROUNDS; round += 1) {
        tokens = winnerOf(await race(here, tokens.refreshToken, [here.app]));
      }
      expect((await here.ask(tokens.accessToken)).status).toBe(200);
    },
  );

  it("that is used again after the race's window ends its session, and the log tells of it", async () => {
    await using here = await bench(kind);
    const first = await here.signIn();
    const other = await here.signIn();
    const second = (await here.refresh(first.refreshToken)).json() as Tokens;
    await here.clock.advance(9_999);
    expect(code(await here.refresh(first.refreshToken))).toBe("identity.refreshRaced");
    expect((await here.ask(second.accessToken)).status).toBe(200);
    await here.clock.advance(1);
    const replay = await here.refresh(first.refreshToken);
    expect([replay.status, code(replay)]).toEqual([401, "identity.badRefreshToken"]);
    expect((await here.ask(second.accessToken)).status).toBe(401);
    expect(code(await here.refresh(second.refreshToken))).toBe("identity.badRefreshToken");
    expect((await here.ask(other.accessToken)).status).toBe(200);
    const events = await here.events();
    expect(events.slice(2)).toMatchObject([
      { type: "session.refreshReused", data: { id: first.sessionId, userId: "user_ada" } },
      { type: "session.ended", data: { id: first.sessionId, reason: "refreshReused" } },
    ]);
  });

  it("of long ago is known as ours too, though nothing of it is stored", async () => {
    await using here = await bench(kind);
    const first = await here.signIn();
    let tokens = first;
    for (let renewal = 0; renewal < 5; renewal += 1) {
      await here.clock.advance(60_000);
      tokens = (await here.refresh(tokens.refreshToken)).json() as Tokens;
    }
    expect((await here.refresh(first.refreshToken)).status).toBe(401);
    expect((await here.ask(tokens.accessToken)).status).toBe(401);
  });

  it("that somebody makes up for a session he knows the id of ends nothing", async () => {
    await using here = await bench(kind);
    const first = await here.signIn();
    await here.clock.advance(60_000);
    const second = (await here.refresh(first.refreshToken)).json() as Tokens;
    await here.clock.advance(60_000);
    const [, session = ""] = first.refreshToken.split("_");
    const forged = [
      makeRefreshText(
        { id: `session_${session}`, generation: 0, seal: new Uint8Array(32) },
        fillRandom,
      ),
      first.refreshToken.replace(`_${session}_0_`, `_${session}_7_`),
      `${first.refreshToken.slice(0, -1)}${first.refreshToken.endsWith("A") ? "E" : "A"}`,
      "prt_",
      "x",
    ];
    for (const text of forged) {
      const reply = await here.refresh(text);
      expect([reply.status, code(reply)]).toEqual([401, "identity.badRefreshToken"]);
    }
    expect((await here.ask(second.accessToken)).status).toBe(200);
  });

  it("401 of a person who is suspended, and who has left the organization", async () => {
    await using here = await bench(kind);
    const { refreshToken } = await here.signIn();
    await here.change("user_ada", { state: "suspended" });
    expect(code(await here.refresh(refreshToken))).toBe("identity.badRefreshToken");
    await here.change("user_ada", { state: "active", holdings: {} });
    expect(code(await here.refresh(refreshToken))).toBe("identity.badRefreshToken");
  });

  it("is forgiven in a race whose winner has gone on to the next renewal already", async () => {
    await using here = await bench(kind);
    const first = await here.signIn();
    await here.clock.advance(60_000);
    const second = (await here.refresh(first.refreshToken)).json() as Tokens;
    const third = (await here.refresh(second.refreshToken)).json() as Tokens;
    expect(code(await here.refresh(first.refreshToken))).toBe("identity.refreshRaced");
    expect((await here.refresh(third.refreshToken)).status).toBe(200);
  });
});

describe("two processes over one PostgreSQL", () => {
  it(
    `take a refresh token from exactly one of five requests to both, ${ROUNDS} times over`,
    { timeout: 60_000 },
    async () => {
      await using here = await bench("postgres");
      const other = await here.another();
      let tokens = await here.signIn();
      for (let round = 0; round < ROUNDS; round += 1) {
        tokens = winnerOf(await race(here, tokens.refreshToken, [here.app, other]));
      }
      expect((await here.ask(tokens.accessToken, other)).status).toBe(200);
    },
  );
});

describe("the text of a refresh token", () => {
  const seal = new Uint8Array(32).fill(7);
  const id = "session_01jd3v9k2me8r8v0c2m4t6x8z0";

  it("says session and generation, and is sealed by its session alone", () => {
    const text = makeRefreshText({ id, generation: 12, seal }, fillRandom);
    expect(readRefreshText(text)).toEqual({ id, generation: 12 });
    expect(isSealed(text, seal)).toBe(true);
    expect(isSealed(text, new Uint8Array(32))).toBe(false);
    expect(isSealed(text.replace("_12_", "_13_"), seal)).toBe(false);
  });
});
