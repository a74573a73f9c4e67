import { generateKeyPairSync } from "node:crypto";
import { add, Authenticators, definePlugin, problem, provide, raiser } from "portico/kernel";
import type { AnyPlugin, Caller } from "portico/kernel";
import { Factors, Identity } from "./identity.ts";
import type { Holding, IdentityFace, Person } from "./identity.ts";

const refuse = raiser({
  "identity.badCredentials": problem(401, "Name or password is wrong."),
});

/** Identity in memory: people with passwords, sessions in a cookie, keys that rotate when told. */
export interface IdentityFixture {
  readonly plugin: AnyPlugin;
  readonly people: Map<string, Person & { readonly password: string }>;
  /** User and organization → what they hold. */
  readonly holdings: Map<string, Holding>;
  /** User → the code that is asked for as a second proof. */
  readonly codes: Map<string, string>;
  /** Session → user. */
  readonly sessions: Map<string, { readonly userId: string; readonly organization: string }>;
  rotateKeys(): void;
  /** Tells the pillar that something has changed, as identity's change feed would. */
  tell(kind: string, id: string): Promise<void>;
}

/** Makes one; with another given, a second process over the same people, sessions and keys. */
export function identityFixture(
  other?: IdentityFixture & { readonly keys?: object[] },
): IdentityFixture & {
  readonly keys: object[];
} {
  const people: IdentityFixture["people"] = other?.people ?? new Map();
  const holdings: IdentityFixture["holdings"] = other?.holdings ?? new Map();
  const sessions: IdentityFixture["sessions"] = other?.sessions ?? new Map();
  const keys: object[] = other?.keys ?? [makeKey("k1")];
  let tell: IdentityFixture["tell"] = () => Promise.resolve();
  const ofCookie = (cookie = ""): Promise<Caller | undefined> => {
    const id = /(?:^|; )sid=([\w-]+)/.exec(cookie)?.[1] ?? "";
    return Promise.resolve(callerOf(id));
  };
  const callerOf = (id: string): Caller | undefined => {
    const session = sessions.get(id);
    if (session === undefined) return undefined;
    const { userId, organization } = session;
    const rest = { permissions: [], instancePermissions: [] };
    return { kind: "user", organization, subject: userId, userId, credential: id, ...rest };
  };
  const open = (userId: string, organization: string) => {
    const id = `ses_${userId}_${sessions.size}_${Math.random().toString(36).slice(2)}`;
    sessions.set(id, { userId, organization });
    const cookies = [`sid=${id}; Path=/; HttpOnly; SameSite=Lax`];
    return { id, accessToken: "", refreshToken: null, expiresIn: 600, cookies };
  };
  const face = {
    people: {
      find: (id: string) => Promise.resolve(people.get(id)),
      deviceIn: () => undefined,
      deviceToken: () => ({ cookie: "device=d; Path=/; HttpOnly" }),
      checkPassword: ({ username, email, password }: Record<string, string>) => {
        const found = [...people.values()].find(
          (one) => one.username === username || (email !== undefined && one.email === email),
        );
        if (found?.password === password) return Promise.resolve(found);
        throw refuse("identity.badCredentials");
      },
    },
    organizations: {
      holdingOf: (userId: string, organization: string) =>
        Promise.resolve(holdings.get(`${userId} ${organization}`)),
    },
    sessions: {
      ofCookie,
      publicKeys: () => Promise.resolve({ keys: keys.map(publicOf) }),
      signingKeys: () => Promise.resolve({ keys }),
    },
    signIn: ({ userId, organization }: { userId: string; organization: string }) =>
      Promise.resolve(open(userId, organization)),
    signOut: async ({ id }: { readonly id: string }) => {
      sessions.delete(id);
      await tell("identity.session", id);
    },
  } as unknown as IdentityFace;
  const codes: IdentityFixture["codes"] = other?.codes ?? new Map();
  const factors = {
    needed: (userId: string) => Promise.resolve(codes.has(userId)),
    verify: (userId: string, code: string) => Promise.resolve(codes.get(userId) === code),
  };
  const plugin = definePlugin({
    id: "identity",
    version: "1.0.0",
    engine: "^1",
    provides: [Identity, Factors],
    contributes: [
      add(Authenticators, {
        id: "sessions",
        challenge: "Bearer",
        find: () => undefined,
        identify: () => {
          throw new Error("no credential of this kind is found");
        },
        lookUp: (id) => {
          const caller = callerOf(id);
          return Promise.resolve(caller && { caller, refusal: null });
        },
      }),
    ],
    start: (ctx) => {
      tell = async (kind, id) => {
        const origin = ctx.newOrigin("test");
        await ctx.store.append({ scope: "instance", origin }, (batch) => batch.changed(kind, id));
      };
      return Promise.resolve({ provides: [provide(Identity, face), provide(Factors, factors)] });
    },
  });
  return {
    plugin,
    people,
    holdings,
    sessions,
    codes,
    keys,
    rotateKeys: () => void keys.unshift(makeKey(`k${keys.length + 1}`)),
    tell: (kind, id) => tell(kind, id),
  };
}

function makeKey(kid: string): object {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" };
}

function publicOf(key: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(key).filter(([name]) => name !== "d"));
}

/** A person who holds these permissions in an organization. */
export function addPerson(
  fixture: IdentityFixture,
  id: string,
  {
    permissions = ["*"],
    organization = "default",
  }: {
    readonly permissions?: readonly string[];
    readonly organization?: string;
  } = {},
): void {
  fixture.people.set(id, {
    id,
    username: id,
    displayName: `Person ${id}`,
    email: `${id}@example.com`,
    isEmailVerified: true,
    state: "active",
    password: "correct horse battery",
  });
  fixture.holdings.set(`${id} ${organization}`, { permissions, grants: [] });
}
