import { isProblem, sha256 } from "portico/kernel";
import type { Caller, FoundCaller, PluginContext } from "portico/kernel";
import { PEOPLE_CHANGES } from "../people/face.ts";
import type { AccessTokens, CheckedToken } from "./access-token.ts";
import { raise } from "./errors.ts";
import { SESSION_CHANGES } from "./face.ts";
import { Generations } from "./generations.ts";
import type { LastSeen } from "./last-seen.ts";
import { findByCookie, loadLive, withPresentHolding } from "./live-session.ts";
import type { LiveSession } from "./live-session.ts";
import { isCookieText } from "./session-text.ts";
import { settingsOf } from "./settings.ts";

/** How long somebody is not answered from memory at most while rows of theirs are changed: longer than a request may take. */
const DISTRUST_MS = 60_000;
/** How long after their change was heard of: another one of the same may be under way. */
const AFTERWARDS_MS = 2_000;
const DISTRUSTED_MAX = 10_000;
const EVERYBODY = "*";

/** What the verifier works with. */
export interface VerifierParts {
  readonly ctx: PluginContext;
  readonly tokens: AccessTokens;
  readonly lastSeen: LastSeen;
}

/**
 * Finds the caller behind an access token or a cookie: from memory at once where it may, else against the store. A token's
 * signature is checked once and remembered by its text; what the session, the person and the membership allow is
 * remembered beside it, and dropped by the change feed.
 */
export class SessionVerifier {
  readonly #parts: VerifierParts;
  readonly #tokens: Generations<CheckedToken>;
  readonly #cookies: Generations<Pick<CheckedToken, "sessionId">>;
  readonly #sessions: Generations<LiveSession>;
  readonly #loading = new Map<string, Promise<LiveSession | undefined>>();
  readonly #distrusted = new Map<string, number>();
  readonly #unwatch: readonly (() => void)[];
  /** Counts drops, so that a look-up that began before one is not remembered after it. */
  #drops = 0;
  #latestMs = 0;

  constructor(parts: VerifierParts) {
    this.#parts = parts;
    const { cacheMax } = settingsOf(parts.ctx).sessions;
    this.#tokens = new Generations(cacheMax);
    this.#cookies = new Generations(cacheMax);
    this.#sessions = new Generations(cacheMax);
    const { changes } = parts.ctx;
    this.#unwatch = [SESSION_CHANGES, PEOPLE_CHANGES].map((kind) =>
      changes.watch(kind, (id) => {
        this.#heard(id);
        this.#drop(id, kind);
      }),
    );
  }

  /**
   * The caller behind an access token; synchronous when it was asked for before. Throws `identity.badAccessToken`,
   * `identity.tokenExpired`.
   */
  identify(text: string): Caller | Promise<Caller> {
    const checked = this.#tokens.get(text);
    if (checked === undefined) return this.#identifyNew(text);
    this.#refuseExpired(checked);
    return this.#identifySession(checked.sessionId);
  }

  /** Whether a token's text was checked before. */
  knows(text: string): boolean {
    return this.#tokens.get(text) !== undefined;
  }

  /** The same behind a cookie's text. Throws `identity.badAccessToken`. */
  identifyCookie(text: string): Caller | Promise<Caller> {
    const known = this.#cookies.get(text);
    return known === undefined
      ? this.#identifyNewCookie(text)
      : this.#identifySession(known.sessionId);
  }

  /** The caller behind a cookie's text; undefined for one that opens nothing. */
  async findByCookie(text: string): Promise<Caller | undefined> {
    try {
      return await this.identifyCookie(text);
    } catch (error) {
      if (isProblem(error) && error.status < 500) return undefined;
      throw error;
    }
  }

  /** The caller behind a session's id, for decisions on paper: nothing is noted as used. */
  async lookUp(id: string): Promise<FoundCaller | undefined> {
    const session = await loadLive(id, this.#now(), this.#parts.ctx);
    return session === undefined ? undefined : { caller: session.caller, refusal: null };
  }

  /** See `SessionsFace.distrust`; of the kind `SESSION_CHANGES`, the same for one session's id. */
  distrust(id: string, kind: string = PEOPLE_CHANGES): void {
    const now = this.#parts.ctx.clock.monotonic();
    if (this.#distrusted.size >= DISTRUSTED_MAX) this.#forgetOldDistrust(now);
    this.#distrusted.set(id, now + DISTRUST_MS);
    this.#drop(id, kind);
  }

  stop(): void {
    for (const unwatch of this.#unwatch) unwatch();
  }

  async #identifyNew(text: string): Promise<Caller> {
    const checked = await this.#parts.tokens.check(text);
    this.#refuseExpired(checked);
    const caller = await this.#identifySession(checked.sessionId);
    this.#tokens.set(text, checked);
    return caller;
  }

  async #identifyNewCookie(text: string): Promise<Caller> {
    const sessionId = isCookieText(text)
      ? await findByCookie(sha256(text), this.#parts.ctx)
      : undefined;
    if (sessionId === undefined)
      throw raise("identity.badAccessToken", { internal: "no such cookie" });
    const caller = await this.#identifySession(sessionId);
    this.#cookies.set(text, { sessionId });
    return caller;
  }

  #identifySession(id: string): Caller | Promise<Caller> {
    const session = this.#fromMemory(id);
    return session === undefined ? this.#identifySlowly(id) : this.#admit(session);
  }

  async #identifySlowly(id: string): Promise<Caller> {
    const session = await this.#find(id);
    if (session === undefined)
      throw raise("identity.badAccessToken", { internal: `${id} has ended` });
    return this.#admit(session);
  }

  #admit(session: LiveSession): Caller {
    this.#parts.lastSeen.note(session, this.#now());
    return session.caller;
  }

  #fromMemory(id: string): LiveSession | undefined {
    // A feed that was not read for a second may hide the end of a session: then memory proves nothing.
    if (this.#parts.ctx.changes.stale()) return undefined;
    const session = this.#sessions.get(id);
    // It may have been used at another process since: the store knows.
    if (session === undefined || session.endsAt <= this.#now()) return undefined;
    return withPresentHolding(session, this.#parts.ctx);
  }

  #find(id: string): Promise<LiveSession | undefined> {
    if (this.#parts.ctx.changes.stale()) return this.#load(id);
    const loading = this.#loading.get(id);
    if (loading !== undefined) return loading;
    const started = this.#loadAndRemember(id).finally(() => {
      if (this.#loading.get(id) === started) this.#loading.delete(id);
    });
    this.#loading.set(id, started);
    return started;
  }

  async #loadAndRemember(id: string): Promise<LiveSession | undefined> {
    const drops = this.#drops;
    const session = await this.#load(id);
    if (session === undefined || drops !== this.#drops || this.#isDistrusted(session))
      return session;
    this.#sessions.set(id, session);
    return session;
  }

  #load(id: string): Promise<LiveSession | undefined> {
    return loadLive(id, this.#now(), this.#parts.ctx);
  }

  #refuseExpired({ expiresAt }: CheckedToken): void {
    if (expiresAt <= this.#now()) throw raise("identity.tokenExpired");
  }

  #heard(id: string): void {
    const until = this.#distrusted.get(id);
    if (until === undefined) return;
    this.#distrusted.set(id, Math.min(until, this.#parts.ctx.clock.monotonic() + AFTERWARDS_MS));
  }

  #drop(id: string, kind: string): void {
    this.#drops += 1;
    // A look-up under way may hold things as they were: whoever asks from now on does not share it.
    this.#loading.clear();
    if (id === EVERYBODY) this.#sessions.clear();
    // Sessions are told of one by one, those of an impersonator with the impersonator's own; people have several.
    else if (kind === SESSION_CHANGES) this.#sessions.delete(id);
    else this.#sessions.deleteWhere((session) => isOf(session, id));
  }

  #isDistrusted(session: LiveSession): boolean {
    if (this.#distrusted.size === 0) return false;
    const { id, userId, impersonator } = session;
    const now = this.#parts.ctx.clock.monotonic();
    return [EVERYBODY, id, userId, impersonator].some(
      (each) => each !== null && (this.#distrusted.get(each) ?? 0) > now,
    );
  }

  #forgetOldDistrust(now: number): void {
    for (const [id, until] of this.#distrusted) {
      if (until > now && this.#distrusted.size < DISTRUSTED_MAX) return;
      this.#distrusted.delete(id);
    }
  }

  /** A clock set back must not bring to life again what has expired. */
  #now(): number {
    this.#latestMs = Math.max(this.#latestMs, this.#parts.ctx.clock.now());
    return this.#latestMs;
  }
}

function isOf({ userId, impersonator }: LiveSession, person: string): boolean {
  return userId === person || impersonator === person;
}
