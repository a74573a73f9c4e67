import { ownUrl } from "portico/kernel";
import type { Contributed, Origin, PluginContext, Problem, RequestClient } from "portico/kernel";
import { Identity } from "../capability.ts";
import type { Holding } from "../organizations/face.ts";
import type { Person } from "../people/face.ts";
import { readChallenge, writeChallenge } from "./challenge.ts";
import type { Challenge } from "./challenge.ts";
import { cookieForm } from "./cookie.ts";
import { raise } from "./errors.ts";
import { SecondFactors } from "./face.ts";
import type {
  FactorProof,
  NewSession,
  OpenedSession,
  SecondFactor,
  SessionOrigin,
} from "./face.ts";

/** A sign-in under way: who is on the other side. */
export interface Arrival {
  readonly client: RequestClient;
  readonly origin: Origin;
  readonly ctx: PluginContext;
}

/** A name and a password, as they were typed. */
export interface PasswordSignIn {
  readonly username?: string | undefined;
  readonly email?: string | undefined;
  readonly password?: string | undefined;
  /** Of a sign-in that lacked its second proof, in place of name and password. */
  readonly challenge?: string | undefined;
  readonly code?: string | undefined;
  readonly organization?: string | undefined;
  readonly wantsCookie: boolean;
  readonly isRemembered: boolean;
}

/** Somebody who is signed in. */
export interface SignedIn {
  readonly person: Person;
  readonly organization: string;
  readonly holding: Holding;
  readonly opened: OpenedSession;
  readonly wantsCookie: boolean;
}

/** Where a request comes from, as it is kept with a session. */
export function originOf({ address, headers }: RequestClient): SessionOrigin {
  const device = headers["user-agent"];
  return { address, device: typeof device === "string" ? device.slice(0, 256) : "" };
}

/**
 * Signs somebody in: name and password, the second proof where one is set up, the organization, the session. Throws
 * `identity.factorRequired` with a challenge where the second proof is missing.
 */
export async function signIn(asked: PasswordSignIn, arrival: Arrival): Promise<SignedIn> {
  const { client, ctx } = arrival;
  const { organization = null, wantsCookie, isRemembered } = asked;
  if (asked.challenge !== undefined) return await answerChallenge(asked, arrival);
  if (wantsCookie) requireCookies(ctx);
  const { address } = client;
  const { people } = ctx.get(Identity);
  const knownDevice = people.deviceIn(client);
  const device = knownDevice === undefined ? {} : { knownDevice };
  const person = await people.checkPassword({ ...namedBy(asked), ...device, address });
  const life = wantsCookie && !isRemembered ? "short" : "long";
  const challenge: Challenge = { userId: person.id, organization, life, wantsCookie };
  const factors = await neededFactors(person.id, ctx);
  if (factors.length === 0) return await begin(challenge, ["pwd"], arrival);
  if (asked.code === undefined) {
    throw factorRequired(challenge, factors, ctx);
  }
  const method = await provedBy(factors, { userId: person.id, code: asked.code, address });
  if (method === undefined) throw raise("identity.badChallenge", { internal: "wrong code" });
  return await begin(challenge, ["pwd", method], arrival);
}

/**
 * Throws `identity.factorRequired` for a session that rests on a password alone, of somebody who has set up a second proof:
 * whichever door it is opened through.
 */
export async function requireFactor(session: NewSession, ctx: PluginContext): Promise<void> {
  const { userId, organization, methods, life = "long" } = session;
  if (methods.length !== 1 || methods[0] !== "pwd") return;
  const factors = await neededFactors(userId, ctx);
  if (factors.length === 0) return;
  throw factorRequired({ userId, organization, life, wantsCookie: false }, factors, ctx);
}

function factorRequired(challenge: Challenge, factors: Factors, ctx: PluginContext): Problem {
  return raise("identity.factorRequired", {
    members: {
      challenge: writeChallenge(challenge, ctx),
      factors: factors.map(({ value }) => value.id),
    },
  });
}

async function answerChallenge(
  { challenge: text = "", code, username, email, password }: PasswordSignIn,
  arrival: Arrival,
): Promise<SignedIn> {
  const { client, ctx } = arrival;
  const isMore = (username ?? email ?? password) !== undefined;
  if (isMore || code === undefined) throw raise("identity.loginIncomplete");
  const challenge = readChallenge(text, ctx);
  const { userId } = challenge;
  const factors = await neededFactors(userId, ctx);
  const method = await provedBy(factors, { userId, code, address: client.address });
  if (method === undefined) throw raise("identity.badChallenge", { internal: "wrong code" });
  return await begin(challenge, ["pwd", method], arrival);
}

function namedBy({
  username,
  email,
  password,
}: PasswordSignIn): { readonly password: string } & (
  { readonly username: string } | { readonly email: string }
) {
  if (password !== undefined) {
    if (username !== undefined && email === undefined) return { username, password };
    if (email !== undefined && username === undefined) return { email, password };
  }
  throw raise("identity.loginIncomplete");
}

/** Throws `identity.cookieNeedsHttps`. */
function requireCookies(ctx: PluginContext): void {
  const form = cookieForm(ctx.server);
  if (form?.isSecure === false) warnOfPlainHttp(ctx);
  if (form !== undefined) return;
  throw raise("identity.cookieNeedsHttps", { params: { url: ownUrl(ctx.server) } });
}

type Factors = readonly Contributed<SecondFactor>[];

async function neededFactors(userId: string, ctx: PluginContext): Promise<Factors> {
  const all = ctx.contributions(SecondFactors);
  const needed = await Promise.all(all.map(({ value, ctx: owner }) => value.needed(userId, owner)));
  return all.filter((_, index) => needed[index] === true);
}

/** The name of the proof, when one of the factors takes the code. */
async function provedBy(factors: Factors, proof: FactorProof): Promise<string | undefined> {
  for (const { value, ctx } of factors) {
    const method = await value.verify(proof, ctx);
    if (method !== undefined) return method;
  }
  return undefined;
}

async function begin(
  { userId, organization: wanted, life, wantsCookie }: Challenge,
  methods: readonly string[],
  { client, origin, ctx }: Arrival,
): Promise<SignedIn> {
  const { people, sessions } = ctx.get(Identity);
  const person = await people.find(userId);
  if (person?.state !== "active")
    throw raise("identity.badChallenge", { internal: "no such person" });
  const { organization, holding } = await placeOf(userId, wanted, ctx);
  const session = { userId, organization, from: originOf(client), methods, life };
  const opened = await ctx.store.transaction(
    // The organization is known only now, so the session is a transaction of its own, and its person the actor.
    { scope: { organization }, origin: { ...origin, actor: userId } },
    (tx) => sessions.open(session, tx),
  );
  return { person, organization, holding, opened, wantsCookie };
}

/** The organization that is wanted, else the one that the person has belonged to for longest. Throws `identity.notMember`. */
export async function placeOf(
  userId: string,
  wanted: string | null,
  ctx: PluginContext,
): Promise<{ readonly organization: string; readonly holding: Holding }> {
  const { organizations } = ctx.get(Identity);
  const names =
    wanted === null
      ? (await organizations.membershipsOf(userId)).map(({ organization }) => organization)
      : [wanted];
  for (const organization of names) {
    const holding = await organizations.holdingOf(userId, organization);
    if (holding !== undefined) return { organization, holding };
  }
  throw raise("identity.notMember", { params: { organization: wanted ?? "any" } });
}

const warned = new WeakSet<PluginContext["server"]>();

/** On plain http a browser's session can be read on the way: fine on one machine, and said the first time. */
function warnOfPlainHttp({ server, logger }: PluginContext): void {
  if (warned.has(server)) return;
  warned.add(server);
  logger.warn(
    { url: server.publicUrl() },
    "browser sessions have a cookie without Secure, since the server is reached by plain http on this machine",
  );
}
