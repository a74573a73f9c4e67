import { createPortico, internalCaller } from "portico";
import { startApp } from "./app.ts";
import type { Registered } from "./app.ts";
import { startNotes } from "./notes.ts";

const operator = internalCaller("default", "oauth-app");
const registered = Promise.withResolvers<Registered>();

const notes = await startNotes();
process.env["NOTES_URL"] = notes.url;
const { default: config } = await import("./portico.config.ts");
const portico = await createPortico(config);
const app = await startApp(registered.promise);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void stop());
}

await portico.start();
const { url } = await portico.serve();
// Somebody to sign in as; at a later start the account is there already.
await fetch(`${url}/api/v1/auth/register`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ username: "ada", password: "orbit tulip ledger", displayName: "Ada" }),
});
// Registered anew at each start, since its port is another. An operator does this once for each application.
const body = {
  name: "Reader",
  type: "confidential",
  redirectUris: [`${app.url}/callback`],
  scopes: ["openid", "profile"],
};
const made = await portico.call("oauth.createClient", { body }, operator);
const { id: clientId, secret: clientSecret } = made.body as { id: string; secret: string };
registered.resolve({ server: url, clientId, clientSecret });

console.log(`
    ${app.url}    an application of somebody else: open it and sign in
    ${url}/notes    the notes API behind the gateway: 401 without a token

Sign in as 'ada' with the password 'orbit tulip ledger'. Ctrl+C ends it all.
`);

async function stop(): Promise<void> {
  await portico.stop();
  await Promise.all([notes.close(), app.close()]);
}
