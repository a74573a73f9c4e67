import { describeStore } from "portico/testing";
import { fakeClock } from "portico/testing";
import { expect, it } from "vitest";
import { bench, outcome, refusal } from "./organization-app.fixture.ts";
import type { Bench, Reply } from "./organization-app.fixture.ts";

async function invited(it: Bench, body: object = {}): Promise<{ id: string; token: string }> {
  const reply = await it.person("ann").post("/invitations", body);
  expect(reply.status).toBe(201);
  return reply.json() as { id: string; token: string };
}

describeStore("invitations", (open) => {
  it("are taken up once, of five at the same moment by one", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"]);
    const { token } = await invited(it);
    const five = await Promise.all(
      ["a", "b", "c", "d", "e"].map((who) =>
        it.person(who, "elsewhere").post("/invitations/accept", { token }),
      ),
    );
    expect(five.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
      200, 422, 422, 422, 422,
    ]);
    const joined = five.find(({ status }) => status === 200)?.json() as { userId: string };
    const members = await Promise.all(
      ["a", "b", "c", "d", "e"].map((who) => it.face.membershipsOf(who)),
    );
    expect(members.flat()).toEqual([
      { organization: "default", userId: joined.userId, roles: ["member"] },
    ]);
    const told = (await it.app.events()).map(({ type }) => type);
    expect(told).toEqual([
      "member.added",
      "invitation.created",
      "member.added",
      "invitation.accepted",
    ]);
    expect(await it.app.events("elsewhere")).toEqual([]);
  });

  it("make an account a member where they lead, with the roles they name", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"]);
    const { token } = await invited(it, { roles: ["moderator"] });
    const account = { userId: "user_1", email: null, invitation: token };
    expect(await it.change((tx) => it.face.admit(account, tx), "elsewhere")).toEqual({
      organization: "default",
      userId: "user_1",
      roles: ["moderator"],
    });
    const again = it.change((tx) => it.face.admit({ ...account, userId: "user_2" }, tx));
    expect(await refusal(again)).toBe("identity.badInvitation");
  });

  it("of two for one person, taken up at the same moment, make one member with the roles of both", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"]);
    const two = [await invited(it, { roles: ["guest"] }), await invited(it, { roles: ["member"] })];
    const replies = await Promise.all(
      two.map(({ token }) => it.person("bob").post("/invitations/accept", { token })),
    );
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    const [only, ...more] = await it.face.membershipsOf("bob");
    expect([only?.roles.toSorted(), more]).toEqual([["guest", "member"], []]);
  });

  it("that are used, revoked, expired or made up are refused alike", async () => {
    await using database = await open();
    const clock = fakeClock();
    await using it = await bench({ database, clock });
    await it.member("ann", ["owner"]);
    const [used, revoked, expired] = [await invited(it), await invited(it), await invited(it)];
    const bob = it.person("bob");
    const accept = (token: string): Promise<Reply> => bob.post("/invitations/accept", { token });
    expect((await accept(used.token)).status).toBe(200);
    expect((await it.person("ann").delete(`/invitations/${revoked.id}`)).status).toBe(200);
    await clock.advance(7 * 86_400_000);
    const wrong = [used.token, revoked.token, expired.token, `pti_${"A".repeat(43)}`];
    const refused = await Promise.all(wrong.map(accept));
    expect(refused.map(outcome)).toEqual(refused.map(() => [422, "identity.badInvitation"]));
    expect(new Set(refused.map((reply) => (reply.json() as { detail: string }).detail)).size).toBe(
      1,
    );
    const listed = (await it.person("ann").get("/invitations")).json() as {
      data: { state: string }[];
    };
    expect(listed.data.map(({ state }) => state)).toEqual(["expired", "revoked", "accepted"]);
  });

  it("are mailed with a token that nobody else is shown, and that is stored nowhere", async () => {
    await using database = await open();
    await using it = await bench({
      database,
      settings: { identity: { invitationPage: "https://app.example.com/join?t={token}" } },
    });
    await it.member("ann", ["owner"]);
    const { token } = await invited(it, { email: "bob@example.com" });
    expect(token).toBeNull();
    await it.app.settled();
    expect(it.mails).toMatchObject([
      { to: "bob@example.com", template: "invitation", values: { organization: "Default" } },
    ]);
    const link = it.mails[0]?.values["link"] ?? "";
    const sent = new URL(link).searchParams.get("t") ?? "";
    expect(sent).toMatch(/^pti_[A-Za-z0-9_-]{43}$/);
    const rows = await Promise.all(
      ["identity_invitations", "jobs_active", "jobs_ended", "log_events", "audit_entries"].map(
        (table) => database.driver.query({ sql: `select * from ${table}`, parameters: [] }),
      ),
    );
    const stored = rows.flatMap(({ rows: found }) => found.flatMap((row) => Object.values(row)));
    const text = stored.map((value) =>
      value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value),
    );
    expect(text.join("\n")).not.toContain(sent);
    expect((await it.person("bob").post("/invitations/accept", { token: sent })).status).toBe(200);
  });

  it("of another organization are not there", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"]);
    await it.member("eve", ["owner"], "org_b");
    const { id, token } = await invited(it);
    const reply = await it.person("eve", "org_b").delete(`/invitations/${id}`);
    expect(outcome(reply)).toEqual([404, "identity.invitationNotFound"]);
    expect((await it.person("bob").post("/invitations/accept", { token })).status).toBe(200);
  });
});
