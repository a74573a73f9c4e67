import { Buffer } from "node:buffer";
import { sha256 } from "portico/kernel";
import type { Page, PageReply } from "portico/kernel";

/** What the two pages share: sends the link's token, which the page itself never holds, and says how it went. */
const SCRIPT = `
const form = document.querySelector("form");
const told = document.querySelector("output");
const token = new URLSearchParams(location.search).get("token") ?? "";
history.replaceState(null, "", location.pathname);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  told.textContent = "";
  try {
    const reply = await fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) }),
    });
    if (reply.ok) form.hidden = true;
    told.textContent = reply.ok ? form.dataset.done : (await reply.json()).detail;
  } catch {
    told.textContent = "The server could not be reached. Try again.";
  }
  button.disabled = false;
});
`;

const STYLE = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 15vh auto; padding: 0 1rem; color: #1b1b1f }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit }
input, button { margin: .25rem 0 1rem; padding: .5rem .75rem; border: 1px solid #767680; border-radius: .375rem }
button { background: #1f4fd8; border-color: #1f4fd8; color: #fff }
:focus-visible { outline: 3px solid #1f4fd8; outline-offset: 2px }
@media (prefers-color-scheme: dark) { body { background: #16161a; color: #eee } input { background: #222; color: #eee } }
`;

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": [
    "default-src 'none'",
    `script-src 'sha256-${hashOf(SCRIPT)}'`,
    `style-src 'sha256-${hashOf(STYLE)}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
};

/** `/account/reset`: where the link for a new password leads when the operator has no page for it. */
export const resetPage: Page = {
  path: "/account/reset",
  serve: () =>
    pageOf({
      title: "Choose a new password",
      action: "../api/v1/auth/password/reset",
      done: "Your password is changed. Sign in with it.",
      fields: `<label for="password">New password, 8 characters or more</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="8" maxlength="256" required autofocus>`,
      button: "Set the password",
    }),
};

/** `/account/verify`: where the link that confirms an address leads. It waits for a click: programs that look at mails follow links. */
export const verifyPage: Page = {
  path: "/account/verify",
  serve: () =>
    pageOf({
      title: "Confirm your e-mail address",
      action: "../api/v1/auth/email/verify",
      done: "Your address is confirmed.",
      fields: "",
      button: "Confirm",
    }),
};

interface Contents {
  readonly title: string;
  readonly action: string;
  readonly done: string;
  readonly fields: string;
  readonly button: string;
}

function pageOf({ title, action, done, fields, button }: Contents): PageReply {
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
<main>
<h1>${title}</h1>
<form action="${action}" data-done="${done}">
${fields}
<button>${button}</button>
</form>
<output role="status" aria-live="polite"></output>
<noscript>This page needs JavaScript. Without it, send the link's token to the API.</noscript>
</main>
<script>${SCRIPT}</script>
</html>
`;
  return { status: 200, headers: HEADERS, body };
}

function hashOf(text: string): string {
  return Buffer.from(sha256(text)).toString("base64");
}
