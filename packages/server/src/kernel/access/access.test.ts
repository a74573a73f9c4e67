import { expect, test } from "vitest";
import {
  anonymous,
  internalCaller,
  type Authenticator,
  type Caller,
  type CallerGuard,
} from "../contract/index.ts";
import { createAccess, grants } from "./index.ts";

function authenticator(id: string): Authenticator {
  return {
    id,
    challenge: id,
    find: ({ headers }) => {
      const header = headers[`x-${id}`];
      return typeof header === "string" ? header : undefined;
    },
    identify: (subject) => ({ ...anonymous, kind: "key", subject }),
  };
}

const access = createAccess({
  authenticators: [authenticator("one"), authenticator("two")],
  permissions: {
    "notes:read": "organization",
    "notes:write": "organization",
    "server:read": "instance",
  },
});

function holder(
  permissions: readonly string[],
  instancePermissions: readonly string[] = [],
): Caller {
  return { ...anonymous, kind: "key", permissions, instancePermissions };
}

test.each([
  [["notes:read"], "notes:read", true],
  [["notes:read"], "notes:write", false],
  [["notes:*"], "notes:write", true],
  [["note:*"], "notes:write", false],
  [["*"], "notes:write", true],
  [["*:write"], "notes:write", false],
  [["notes"], "notes:write", false],
  [[":*"], "notes:write", false],
  [["notes:"], "notes:write", false],
  [[], "notes:read", false],
])("%j and '%s': %s", (permissions, permission, allowed) => {
  expect(access.can(holder(permissions), permission).allowed).toBe(allowed);
});

test("an organization's * never includes a permission over the installation", () => {
  expect(access.can(holder(["*"]), "server:read").allowed).toBe(false);
  expect(access.can(holder(["server:read"]), "server:read").allowed).toBe(false);
});

test("a permission over the installation is not one over an organization", () => {
  expect(access.can(holder([], ["*"]), "server:read").allowed).toBe(true);
  expect(access.can(holder([], ["*"]), "notes:read").allowed).toBe(false);
});

test("a permission that nobody declares is never held", () => {
  for (const name of ["notes:fly", "constructor", "__proto__"]) {
    expect(access.can(internalCaller("default"), name)).toMatchObject({ allowed: false });
  }
});

test("a denial says what is missing, and of which scope", () => {
  expect(access.can(holder([]), "notes:read").reason).toBe(
    "The caller 'anonymous' does not hold 'notes:read' (organization).",
  );
});

test("nobody is anonymous, one credential is its holder, two are refused", async () => {
  const identify = (headers: Record<string, string>): Caller | Promise<Caller> =>
    access.identify({ headers, remoteAddress: "127.0.0.1" });
  expect(await identify({})).toBe(anonymous);
  expect(await identify({ "x-two": "key_2" })).toMatchObject({ subject: "key_2" });
  expect(() => identify({ "x-one": "a", "x-two": "b" })).toThrow(
    expect.objectContaining({ code: "access.twoCredentials", status: 400 }),
  );
});

test("every form of credential is in the challenges", () => {
  expect(access.challenges).toBe("one, two");
});

test("a grant of every action of one resource ends at its colon", () => {
  expect(grants("notes:*", "notes:read")).toBe(true);
  expect(grants("notes:*", "notesbook:read")).toBe(false);
  expect(grants("notes:*", "notes:")).toBe(false);
});

test("a permission of a fronted API is one over an organization while it is declared, and cannot take another's scope", () => {
  const known = new Set(["gl:write", "server:read"]);
  const open = createAccess({
    authenticators: [],
    permissions: { "server:read": "instance" },
    declared: [{ has: (permission) => known.has(permission) }],
  });
  expect(open.can(holder(["gl:*"]), "gl:write").allowed).toBe(true);
  expect(open.can(holder([], ["*"]), "gl:write").allowed).toBe(false);
  expect(open.can(holder(["*"]), "server:read").allowed).toBe(false);
  known.delete("gl:write");
  expect(open.can(holder(["gl:*"]), "gl:write").allowed).toBe(false);
});

test("each guard judges each caller, nobody too, in turn, and what one refuses no later one is asked about", async () => {
  const asked: string[] = [];
  const guard = (id: string, admit: CallerGuard["admit"]): CallerGuard => ({
    id,
    admit: (caller) => {
      asked.push(`${id} ${caller.subject}`);
      return admit(caller);
    },
  });
  const guarded = createAccess({
    authenticators: [authenticator("one")],
    permissions: { "notes:read": "organization" },
    guards: [
      guard("late", async (caller) => {
        if (caller.subject === "key_9") throw new Error("barred");
        return caller;
      }),
      guard("guest", (caller) => ({ ...caller, permissions: ["notes:read"] })),
    ],
  });
  const identify = async (headers: Record<string, string>): Promise<Caller> =>
    await guarded.identify({ headers, remoteAddress: "127.0.0.1" });
  expect(guarded.can(await identify({}), "notes:read").allowed).toBe(true);
  expect(await identify({ "x-one": "key_1" })).toMatchObject({ permissions: ["notes:read"] });
  await expect(identify({ "x-one": "key_9" })).rejects.toThrow("barred");
  expect(asked).toEqual([
    "late anonymous",
    "guest anonymous",
    "late key_1",
    "guest key_1",
    "late key_9",
  ]);
});
