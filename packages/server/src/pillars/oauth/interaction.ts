import { isProblem, ownUrl } from "portico/kernel";
import type { MountExchange, PluginContext } from "portico/kernel";
import type { FactorsFace, IdentityFace, Person } from "./identity.ts";
import { giveConsent } from "./consents.ts";
import type { Interaction, OAuthEngine } from "./engine.ts";
import { consentPage, factorPage, loginPage } from "./pages/forms.ts";
import type { LoginForm } from "./pages/forms.ts";
import { scopeLabels } from "./pages/labels.ts";
import { pageHeaders } from "./pages/layout.ts";
import { errorPage } from "./pages/notices.ts";
import { settingsOf } from "./settings.ts";
import type { Standing } from "./standing.ts";

/** What the pages work with. */
export interface InteractionParts {
  readonly ctx: PluginContext;
  readonly identity: IdentityFace;
  readonly factors: FactorsFace;
  readonly standing: Standing;
}

/** For how long the second step waits. */
const CHALLENGE_MS = 300_000;

interface Step extends InteractionParts {
  readonly exchange: MountExchange;
  readonly interaction: Interaction;
  readonly engine: OAuthEngine;
}

/** The pages where a user signs in and allows: GET shows the form, POST takes it. */
export async function serveInteraction(
  exchange: MountExchange,
  parts: InteractionParts,
  engine: OAuthEngine,
): Promise<void> {
  const interaction = await engine.interaction(exchange);
  if (interaction === undefined) return showExpired(parts.ctx, exchange);
  const step: Step = { ...parts, exchange, interaction, engine };
  if (exchange.request.method !== "POST") return await show(step);
  if (isForeign(step)) return showExpired(parts.ctx, exchange);
  const fields = new URLSearchParams(new TextDecoder().decode(await exchange.readBody()));
  const action = fields.get("action");
  if (action === "cancel") return await engine.denied(exchange);
  if (interaction.step === "login" && action === "login") return await signIn(step, fields);
  if (interaction.step === "login" && action === "factor") return await proveMore(step, fields);
  if (interaction.step === "consent" && action === "allow") return await allow(step);
  return await show(step);
}

/** A form that another site's page has sent (Fetch Metadata; else the Origin). The cookie is `SameSite=Lax` besides. */
function isForeign({ exchange, ctx }: Step): boolean {
  const { "sec-fetch-site": site, origin } = exchange.request.headers;
  if (site !== undefined) return site !== "same-origin";
  return origin !== undefined && origin !== new URL(ownUrl(ctx.server)).origin;
}

async function show(step: Step): Promise<void> {
  const { interaction, standing } = step;
  if (interaction.step === "login")
    return showLogin(step, 200, { username: interaction.loginHint });
  const person = interaction.userId && (await standing.person(interaction.userId));
  if (!person) return showExpired(step.ctx, step.exchange);
  if (!(await isMember(step, person))) return await step.engine.denied(step.exchange);
  const given = { username: person.username, labels: scopeLabels(step.ctx) };
  showPage(step, 200, consentPage(settingsOf(step.ctx), interaction, given));
}

async function isMember({ standing, interaction }: Step, { id }: Person): Promise<boolean> {
  return (await standing.holding(id, interaction.organization)) !== undefined;
}

async function signIn(step: Step, fields: URLSearchParams): Promise<void> {
  const username = fields.get("username")?.trim() ?? "";
  try {
    const person = await checkPassword(step, { username, password: fields.get("password") ?? "" });
    if (!(await step.factors.needed(person.id))) return await goOn(step, person, ["pwd"]);
    showFactor(step, 200, { challenge: makeChallenge(step, person.id) });
  } catch (error) {
    showLogin(step, refusalStatus(step, error), { username, refusal: messageOf(error) });
  }
}

/** The second step of who has set one up: its form carries, sealed, who has given the right password. */
async function proveMore(step: Step, fields: URLSearchParams): Promise<void> {
  const challenge = fields.get("challenge") ?? "";
  const userId = openChallenge(step, challenge);
  const person = userId === undefined ? undefined : await step.standing.person(userId);
  if (person === undefined) return showLogin(step, 400, { username: "" });
  try {
    if (await step.factors.verify(person.id, fields.get("code") ?? "")) {
      return await goOn(step, person, ["pwd", "otp"]);
    }
    showFactor(step, 401, { challenge, refusal: "This code is not right, or was used before." });
  } catch (error) {
    showFactor(step, refusalStatus(step, error), { challenge, refusal: messageOf(error) });
  }
}

async function goOn(step: Step, person: Person, methods: readonly string[]): Promise<void> {
  // Nobody signs in here to an application whose organization is none of theirs.
  if (!(await isMember(step, person))) return await step.engine.denied(step.exchange);
  await openSession(step, person, methods);
  await step.engine.signedIn(step.exchange, person.id, methods);
}

function makeChallenge({ ctx, interaction }: Step, userId: string): string {
  const until = ctx.clock.now() + CHALLENGE_MS;
  return ctx.secrets.seal(JSON.stringify([userId, until]), placeOf(interaction));
}

function openChallenge({ ctx, interaction }: Step, challenge: string): string | undefined {
  try {
    const text = ctx.secrets.open(challenge, placeOf(interaction));
    // What `makeChallenge` has sealed for this very interaction.
    const [userId, until] = JSON.parse(text) as [string, number];
    return until > ctx.clock.now() ? userId : undefined;
  } catch {
    // Altered, or another interaction's: the password is asked for again.
    return undefined;
  }
}

function placeOf({ uid }: Interaction): readonly string[] {
  return ["oauth", "challenge", uid];
}

/** The status of a refusal, with its wait told to the browser. What is none of the user's doing goes on. */
function refusalStatus({ exchange }: Step, error: unknown): number {
  if (!isProblem(error) || error.status >= 500) throw error;
  const wait = error.options.headers?.["retry-after"];
  if (wait !== undefined) exchange.response.setHeader("retry-after", wait);
  return error.status;
}

function messageOf(error: unknown): string {
  return isProblem(error) ? error.message : "";
}

async function checkPassword(
  { identity, exchange }: Step,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<Person> {
  const { people } = identity;
  const name = username.includes("@") ? { email: username } : { username };
  const { address } = exchange.client;
  const knownDevice = people.deviceIn(exchange.client);
  const device = knownDevice === undefined ? {} : { knownDevice };
  return await people.checkPassword({ ...name, password, address, ...device });
}

async function openSession(
  { identity, exchange, interaction }: Step,
  { id: userId }: Person,
  methods: readonly string[],
): Promise<void> {
  const { response, client, origin } = exchange;
  const { organization } = interaction;
  const device = String(client.headers["user-agent"] ?? "").slice(0, 256);
  const from = { address: client.address, device };
  const opened = await identity.signIn({ userId, organization, from, methods }, origin);
  exchange.belongsTo({ organization, subject: userId });
  for (const cookie of opened.cookies) response.appendHeader("set-cookie", cookie);
  response.appendHeader("set-cookie", identity.people.deviceToken(userId, client).cookie);
}

async function allow(step: Step): Promise<void> {
  const { ctx, exchange, engine, interaction, standing } = step;
  const { userId, organization, clientId, scopes } = interaction;
  const person = userId && (await standing.person(userId));
  if (!person || !(await isMember(step, person))) return await engine.denied(exchange);
  exchange.belongsTo({ organization, subject: person.id });
  const given = { organization, userId: person.id, clientId, scopes };
  const origin = { ...exchange.origin, actor: person.id };
  await ctx.store.transaction({ scope: { organization }, origin }, (tx) =>
    giveConsent(given, tx, ctx),
  );
  await engine.allowed(exchange);
}

function showLogin(step: Step, status: number, form: LoginForm): void {
  showPage(step, status, loginPage(settingsOf(step.ctx), step.interaction, form));
}

function showFactor(
  step: Step,
  status: number,
  form: { readonly challenge: string; readonly refusal?: string },
): void {
  showPage(step, status, factorPage(settingsOf(step.ctx), form));
}

function showPage({ ctx, exchange }: Step, status: number, body: string): void {
  exchange.response.writeHead(status, pageHeaders(settingsOf(ctx)));
  exchange.response.end(body);
}

function showExpired(ctx: PluginContext, { response }: MountExchange): void {
  const { body, headers } = errorPage(
    settingsOf(ctx),
    "This page has expired, or was opened in another browser.",
  );
  response.writeHead(400, headers);
  response.end(body);
}
