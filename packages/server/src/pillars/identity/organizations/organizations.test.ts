import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { bench, refusal } from "./organization-app.fixture.ts";

describeStore("organizations", (open) => {
  it("makes a new account a member of default, with what members may do", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { face } = it;
    const account = { userId: "user_1", email: null };
    expect(await it.change((tx) => face.admit(account, tx), "elsewhere")).toEqual({
      organization: "default",
      userId: "user_1",
      roles: ["member"],
    });
    expect(await face.membershipsOf("user_1")).toMatchObject([{ organization: "default" }]);
    expect(await face.holdingOf("user_1", "default")).toMatchObject({
      roles: ["member"],
      permissions: expect.arrayContaining(["members:read"]) as unknown,
      grants: [],
    });
    expect(await face.holdingOf("user_1", "elsewhere")).toBeUndefined();
    expect(await face.holdingOf("user_2", "default")).toBeUndefined();
    expect(await it.app.events()).toMatchObject([{ type: "member.added", subject: "user_1" }]);
    expect(await it.app.events("elsewhere")).toEqual([]);
  });

  it("refuses an account whose invitation is none, and makes it no member", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { face } = it;
    const account = { userId: "user_1", email: null, invitation: "made-up" };
    expect(await refusal(it.change((tx) => face.admit(account, tx)))).toBe(
      "identity.badInvitation",
    );
    expect(await face.membershipsOf("user_1")).toEqual([]);
  });

  it("acts by other roles from the commit on, and ends all memberships at once", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { face } = it;
    await it.member("user_1", ["user"]);
    await it.member("user_1", ["owner"], "org_b");
    expect((await face.holdingOf("user_1", "default"))?.roles).toEqual(["member"]);
    await it.member("user_1", ["admin"]);
    expect((await face.holdingOf("user_1", "default"))?.permissions).toEqual(["*"]);
    await it.change((tx) => face.removeEverywhere("user_1", tx));
    expect(await face.holdingOf("user_1", "default")).toBeUndefined();
    expect(await face.holdingOf("user_1", "org_b")).toBeUndefined();
    expect(await face.membershipsOf("user_1")).toEqual([]);
  });
});
