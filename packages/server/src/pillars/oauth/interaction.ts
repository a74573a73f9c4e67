import { isProblem, ownUrl } from "portico/kernel";
import type { MountExchange, PluginContext } from "portico/kernel";
import type { IdentityFace, Person } from "./identity.ts";
import { giveConsent } from "./consents.ts";
import type { Interaction, OAuthEngine } from "./engine.ts";
import { consentPage, loginPage } from "./pages/forms.ts";
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
  readonly standing: Standing;
}

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
  const { exchange, engine } = step;
  const username = fields.get("username")?.trim() ?? "";
  try {
    const person = await checkPassword(step, { username, password: fields.get("password") ?? "" });
    // Nobody signs in here to an application whose organization is none of theirs.
    if (!(await isMember(step, person))) return await engine.denied(exchange);
    await openSession(step, person, ["pwd"]);
    await engine.signedIn(exchange, person.id, ["pwd"]);
  } catch (error) {
    if (!isProblem(error) || error.status >= 500) throw error;
    const { retryAfter } = { retryAfter: error.options.headers?.["retry-after"] };
    if (retryAfter !== undefined) exchange.response.setHeader("retry-after", retryAfter);
    showLogin(step, error.status, { username, refusal: error.message });
  }
}

async function checkPassword(
  { identity, exchange }: Step,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<Person> {
  const name = username.includes("@") ? { email: username } : { username };
  const { clientAddress: address } = exchange;
  return await identity.people.checkPassword({ ...name, password, address });
}

async function openSession(
  { identity, exchange, interaction }: Step,
  { id: userId }: Person,
  methods: readonly string[],
): Promise<void> {
  const { request, response, clientAddress: address, origin } = exchange;
  const { organization } = interaction;
  const device = (request.headers["user-agent"] ?? "").slice(0, 256);
  const session = { userId, organization, from: { address, device }, methods };
  const opened = await identity.signIn(session, origin);
  exchange.belongsTo({ organization, subject: userId });
  for (const cookie of opened.cookies) response.appendHeader("set-cookie", cookie);
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
