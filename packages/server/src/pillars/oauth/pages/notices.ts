import type { OAuthSettings } from "../settings.ts";
import { escapeHtml, pageHeaders, writePage } from "./layout.ts";

/** What is told to a person in whose browser a request could not go on, without a client to send it to. */
export function errorPage(
  settings: OAuthSettings,
  reason: string,
): { readonly body: string; readonly headers: Record<string, string> } {
  const body = `<p class="alert" role="alert">${escapeHtml(reason)}</p>
<p>Go back to the application and try again. If this goes on, tell whoever runs the application.</p>`;
  return {
    body: writePage(settings, { title: "This did not work", body }),
    headers: pageHeaders(settings),
  };
}

/** Asks before it signs out: somebody else's page may have sent the browser here. `form` is the engine's. */
export function logoutPage(settings: OAuthSettings, form: string): string {
  const body = `<p>Do you want to sign out of ${escapeHtml(settings.name)} on this device?</p>
${form}
<button class="main" form="op.logoutForm" type="submit" name="logout" value="yes" autofocus>Sign out</button>
<button class="other" form="op.logoutForm" type="submit">Stay signed in</button>`;
  return writePage(settings, { title: "Sign out", body });
}

/** After signing out, where the client has named no address to go to. */
export function signedOutPage(settings: OAuthSettings): string {
  return writePage(settings, {
    title: "Signed out",
    body: "<p>You have signed out. You can close this page.</p>",
  });
}
