import type { Provider } from "oidc-provider";
import type { EngineParts } from "./parts.ts";

/** What of the engine's session class is changed. */
interface SessionClass {
  new (payload?: object): EngineSession;
  prototype: EngineSession;
  findByUid(uid: string): Promise<EngineSession | undefined>;
  get(koa: EngineRequest): Promise<EngineSession>;
}

interface EngineSession {
  uid: string;
  accountId?: string;
  destroy: (this: EngineSession) => Promise<void>;
}

interface EngineRequest {
  readonly req: { readonly headers: Readonly<Record<string, string | undefined>> };
  readonly oidc?: { entity(name: string, value: unknown): void };
}

/**
 * There is one kind of session, identity's. The engine's own, in which it keeps what it needs from page to page, follows it:
 * it is found by the id of the user's session, begins with it, and has nobody in it once that has ended.
 */
export function followIdentity(provider: Provider, parts: EngineParts): void {
  // The one place that knows the engine's inside; `oauth.test.ts` signs in and out through it.
  const Session = provider.Session as unknown as SessionClass;
  const { identity, standing } = parts;
  Session.get = async (koa) => {
    const caller = await identity.sessions.ofCookie(koa.req.headers["cookie"]);
    const uid = caller?.kind === "user" ? caller.credential : undefined;
    const session = uid === undefined ? undefined : await Session.findByUid(uid);
    const found = session?.accountId === caller?.userId ? session : undefined;
    const made = found ?? new Session(uid === undefined ? undefined : begin(uid, caller?.userId));
    koa.oidc?.entity("Session", made);
    return made;
  };
  const { prototype } = Session;
  const { destroy } = prototype;
  prototype.destroy = async function end(this: EngineSession) {
    if (this.accountId !== undefined) await standing.signOut(this.accountId, this.uid);
    await destroy.call(this);
  };
}

function begin(uid: string, accountId: string | undefined): object {
  return { uid, accountId, loginTs: Math.floor(Date.now() / 1_000), amr: ["pwd"] };
}
