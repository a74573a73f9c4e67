import type { EngineParts } from "./engine/parts.ts";
import type { OAuthEngine } from "./engine.ts";

/** Gives the engine of the present signing keys: another as soon as they, or the server's address, are others. */
export function engineOfKeys(parts: EngineParts): () => Promise<OAuthEngine> {
  let made: { readonly of: string; readonly engine: OAuthEngine } | undefined;
  return async () => {
    const { keys } = await parts.identity.sessions.signingKeys();
    const ids = keys.map((key) => String(key["kid"])).join(" ");
    const of = `${parts.tokens.audience()} ${ids}`;
    if (made?.of === of) return made.engine;
    // On first use: it is heavy, and many servers have no client.
    const { createEngine } = await import("./engine/provider.ts");
    made = { of, engine: createEngine(parts, { keys: [...keys] }) };
    return made.engine;
  };
}
