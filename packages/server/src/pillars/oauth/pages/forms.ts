import type { Interaction } from "../engine.ts";
import type { OAuthSettings } from "../settings.ts";
import { escapeHtml, writePage } from "./layout.ts";

/** What the form for signing in shows again after a refusal. */
export interface LoginForm {
  readonly username: string;
  /** Why the last attempt was refused. */
  readonly refusal?: string;
}

/** Asks for name and password. */
export function loginPage(
  settings: OAuthSettings,
  interaction: Interaction,
  { username, refusal }: LoginForm,
): string {
  const alert =
    refusal === undefined
      ? ""
      : `<p class="alert" id="refusal" role="alert">${escapeHtml(refusal)}</p>`;
  const described = refusal === undefined ? "" : ' aria-describedby="refusal"';
  const body = `<p>to go on to <strong>${escapeHtml(interaction.clientName)}</strong></p>
${alert}
<form method="post">
<label for="username">User name or e-mail</label>
<input type="text" id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="320" required value="${escapeHtml(username)}"${described}>
<label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="current-password" maxlength="256" required>
<button class="main" type="submit" name="action" value="login">Sign in</button>
</form>
${cancelForm}`;
  return writePage(settings, { title: "Sign in", body });
}

/** Asks for the code of a second factor. */
export function factorPage(
  settings: OAuthSettings,
  { challenge, refusal }: { readonly challenge: string; readonly refusal?: string },
): string {
  const alert =
    refusal === undefined ? "" : `<p class="alert" role="alert">${escapeHtml(refusal)}</p>`;
  const body = `${alert}
<form method="post">
<input type="hidden" name="challenge" value="${escapeHtml(challenge)}">
<label for="code">Code of your authenticator app, or a recovery code</label>
<input type="text" id="code" name="code" autocomplete="one-time-code" maxlength="64" required autofocus>
<button class="main" type="submit" name="action" value="factor">Sign in</button>
</form>
${cancelForm}`;
  return writePage(settings, { title: "Second step", body });
}

/** Asks whether the client may have what it asks for. */
export function consentPage(
  settings: OAuthSettings,
  interaction: Interaction,
  {
    username,
    labels,
  }: {
    readonly username: string;
    /** What each scope means, by its name. */
    readonly labels: ReadonlyMap<string, string>;
  },
): string {
  const items = interaction.scopes.map((scope) => {
    const label = labels.get(scope);
    const name = `<code>${escapeHtml(scope)}</code>`;
    return `<li>${label === undefined ? name : `${escapeHtml(label)} (${name})`}</li>`;
  });
  const body = `<p>You are signed in as <strong>${escapeHtml(username)}</strong>.
<strong>${escapeHtml(interaction.clientName)}</strong> will be able to:</p>
<ul>${items.join("")}</ul>
<p>You can revoke this at any time.</p>
<form method="post">
<button class="main" type="submit" name="action" value="allow">Allow</button>
</form>
${cancelForm}`;
  return writePage(settings, { title: `Allow ${interaction.clientName}?`, body });
}

const cancelForm = `<form method="post">
<button class="other" type="submit" name="action" value="cancel">Cancel</button>
</form>`;
